<?php

declare(strict_types=1);

namespace Zroute\Exception;

/**
 * A socket was used after its close(), or its context was shut down.
 */
final class SocketClosed extends \RuntimeException implements ZrouteException
{
}
