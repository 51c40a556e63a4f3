<?php

declare(strict_types=1);

namespace Zroute\Exception;

/**
 * An endpoint could not be bound, or no server was connected in time. The
 * function did not run.
 */
final class ConnectionFailed extends \RuntimeException implements ZrouteException
{
}
