<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\InvalidValue;

use function count;
use function get_debug_type;
use function is_array;
use function is_int;
use function is_object;
use function is_scalar;
use function is_string;

/**
 * Makes plain data of a value: null, scalars, arrays and stdClass objects.
 *
 * JsonSerializable says itself what it is; a backed enum is its value; a date
 * is its RFC 3339 text with microseconds; a Traversable is the array of what it
 * yields. Everything else that is an object, and every resource, is refused
 * with the place where it was found.
 *
 * @internal
 */
final class Plain
{
    /** The deepest that the option max_depth goes; the native library looks at that. */
    private const DEEPEST = 512;

    /** @throws InvalidValue */
    public static function of(mixed $value): mixed
    {
        return self::at($value, 'the value', []);
    }

    /** @param list<string> $inside the references and objects that the value lies in, and the levels */
    private static function at(mixed $value, string $place, array $inside): mixed
    {
        if (self::isPlain($value)) {
            return $value;
        }
        if (count($inside) >= self::DEEPEST) {
            throw new InvalidValue("$place: values are nested more than " . self::DEEPEST . ' levels deep');
        }
        if (is_array($value)) {
            return self::items($value, $place, $inside);
        }
        $inside[] = self::enter(is_object($value) ? 'object ' . spl_object_id($value) : '', $place, $inside);
        return match (true) {
            $value instanceof \JsonSerializable => self::at($value->jsonSerialize(), $place, $inside),
            $value instanceof \BackedEnum => $value->value,
            $value instanceof \DateTimeInterface => $value->format('Y-m-d\TH:i:s.uP'),
            $value instanceof \Traversable => self::at(self::collect($value, $place), $place, $inside),
            $value instanceof \stdClass => (object) self::items(get_object_vars($value), $place, $inside),
            default => throw new InvalidValue(
                "$place is " . (is_object($value) ? 'an object of class ' . $value::class : get_debug_type($value))
                . '; expected null, bool, int, float, string, array, stdClass, JsonSerializable, Traversable, '
                . 'a backed enum or a date'
            ),
        };
    }

    /**
     * @param array<mixed> $items
     * @param list<string> $inside
     * @return array<mixed>
     */
    private static function items(array $items, string $place, array $inside): array
    {
        // Made anew, because the items may be references, which serialize() would write as such.
        $plain = [];
        foreach ($items as $key => $item) {
            if (self::isPlain($item)) {
                $plain[$key] = $item;
                continue;
            }
            $itsPlace = "{$place}[" . var_export($key, true) . ']';
            $reference = is_array($item) ? \ReflectionReference::fromArrayElement($items, $key)?->getId() : null;
            $plain[$key] = self::at($item, $itsPlace, [...$inside, self::enter($reference ?? '', $itsPlace, $inside)]);
        }
        return $plain;
    }

    /**
     * @param \Traversable<mixed> $items
     * @return array<mixed>
     */
    private static function collect(\Traversable $items, string $place): array
    {
        $collected = [];
        foreach ($items as $key => $item) {
            if (!is_int($key) && !is_string($key)) {
                throw new InvalidValue(
                    "$place yields a key of type " . get_debug_type($key) . ', expected int or string'
                );
            }
            if (array_key_exists($key, $collected)) {
                throw new InvalidValue(
                    "$place yields the key " . var_export($key, true)
                    . ' twice; iterator_to_array() with false makes a list of it'
                );
            }
            $collected[$key] = $item;
        }
        return $collected;
    }

    /** @param list<string> $inside */
    private static function enter(string $identity, string $place, array $inside): string
    {
        if ($identity !== '' && in_array($identity, $inside, true)) {
            throw new InvalidValue("$place holds itself");
        }
        return $identity;
    }

    private static function isPlain(mixed $value): bool
    {
        return $value === null || is_scalar($value);
    }
}
