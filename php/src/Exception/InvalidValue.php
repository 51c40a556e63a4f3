<?php

declare(strict_types=1);

namespace Zroute\Exception;

/**
 * A PHP value that cannot travel: a closure, a resource, an object of a class
 * that does not say how, an array that holds itself, or too much of anything.
 */
final class InvalidValue extends \InvalidArgumentException implements ZrouteException
{
}
