<?php

declare(strict_types=1);

namespace Zroute\Exception;

/**
 * Bytes that are no MessagePack value within the limits, or hold what PHP has
 * no plain value for.
 */
final class InvalidMessage extends \RuntimeException implements ZrouteException
{
}
