<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\InvalidValue;

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
    /** As the native library's default; an array that holds itself ends here. */
    private const DEEPEST = 128;

    /** @throws InvalidValue */
    public static function of(mixed $value): mixed
    {
        return self::at($value, 'the value', 0);
    }

    /**
     * serialize() with floats in full, whatever the ini says.
     *
     * @return string|null null when something inside refuses to be serialized
     */
    public static function serialize(mixed $value): ?string
    {
        $precision = ini_get('serialize_precision');
        $full = $precision === '-1' || $precision === '17';
        if (!$full) {
            ini_set('serialize_precision', '-1');
        }
        try {
            return serialize($value);
        } catch (\Throwable) {
            return null;
        } finally {
            if (!$full) {
                ini_set('serialize_precision', (string) $precision);
            }
        }
    }

    private static function at(mixed $value, string $place, int $depth): mixed
    {
        if (is_array($value) || $value instanceof \stdClass) {
            if ($depth >= self::DEEPEST) {
                throw new InvalidValue(
                    'arrays are nested more than ' . self::DEEPEST . ' levels deep, or hold themselves'
                );
            }
            $plain = [];
            // Iterating an object's properties as an array takes references off as well.
            foreach (is_array($value) ? $value : get_object_vars($value) as $key => $item) {
                $plain[$key] = self::isPlain($item)
                    ? $item
                    : self::at($item, "{$place}[" . var_export($key, true) . ']', $depth + 1);
            }
            return is_array($value) ? $plain : (object) $plain;
        }
        if (self::isPlain($value)) {
            return $value;
        }
        if ($depth >= self::DEEPEST) {
            throw new InvalidValue("$place: values are nested more than " . self::DEEPEST . ' levels deep');
        }
        return match (true) {
            $value instanceof \JsonSerializable => self::at($value->jsonSerialize(), $place, $depth + 1),
            $value instanceof \BackedEnum => $value->value,
            $value instanceof \DateTimeInterface => $value->format('Y-m-d\TH:i:s.uP'),
            $value instanceof \Traversable => self::at(iterator_to_array($value), $place, $depth),
            default => throw new InvalidValue(
                "$place is " . (is_object($value) ? 'an object of class ' . $value::class : get_debug_type($value))
                . '; expected null, bool, int, float, string, array, stdClass, JsonSerializable, Traversable, '
                . 'a backed enum or a date'
            ),
        };
    }

    private static function isPlain(mixed $value): bool
    {
        return $value === null || is_scalar($value);
    }
}
