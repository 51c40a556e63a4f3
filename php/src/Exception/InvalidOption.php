<?php

declare(strict_types=1);

namespace Zroute\Exception;

/**
 * An option that does not exist, a value out of its range, an endpoint that
 * cannot be one, or a handler that cannot be called.
 */
final class InvalidOption extends \InvalidArgumentException implements ZrouteException
{
}
