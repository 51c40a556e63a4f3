<?php

declare(strict_types=1);

namespace Zroute\DropIn;

/**
 * What the drop-in's objects keep, for its own classes only: programs see
 * objects with nothing in them.
 *
 * @internal
 */
final class State
{
    /**
     * The properties that a program has given an object, or its class has.
     *
     * @param class-string $class whose private properties are left out
     * @return array<string, mixed>
     */
    public static function ofProgram(object $object, string $class): array
    {
        return array_filter(
            (array) $object,
            static fn (string|int $name): bool => !str_starts_with((string) $name, "\0$class\0"),
            ARRAY_FILTER_USE_KEY
        );
    }

    /**
     * @param class-string $class as above
     * @return list<string>
     */
    public static function namesOfProgram(object $object, string $class): array
    {
        return array_map(strval(...), array_keys(self::ofProgram($object, $class)));
    }
}
