<?php

declare(strict_types=1);

namespace Zroute\Handler;

use Zroute\Call;
use Zroute\Exception\InvalidOption;

/**
 * What a handler gets beside its caller's parameters: bytes never become
 * objects, so a parameter whose type is a class is not for the caller to give.
 *
 * @internal
 */
final class Given
{
    /** The class of a parameter that the caller does not give; null for one that it does. */
    public static function by(\ReflectionParameter $parameter): ?string
    {
        $type = $parameter->getType();
        if (!$type instanceof \ReflectionNamedType || $type->isBuiltin() || $parameter->isVariadic()) {
            return null;
        }
        $name = $type->getName();
        return $name === 'self' || $name === 'static' ? $parameter->getDeclaringClass()?->getName() : $name;
    }

    /**
     * What gives it: the call itself, else the container, which is asked each time.
     *
     * @return \Closure(Call): mixed
     * @throws InvalidOption when there is no object of the class, and no default
     */
    public static function source(string $class, \ReflectionParameter $parameter, Instances $instances): \Closure
    {
        if ($class === Call::class) {
            return static fn (Call $call): Call => $call;
        }
        try {
            $instances->classOf($class);
        } catch (InvalidOption $e) {
            if ($parameter->isDefaultValueAvailable()) {
                return static fn (): mixed => $parameter->getDefaultValue();
            }
            if ($parameter->allowsNull()) {
                return static fn (): mixed => null;
            }
            throw new InvalidOption("its parameter \${$parameter->getName()}: {$e->getMessage()}", 0, $e);
        }
        return static fn (): object => $instances->get($class);
    }
}
