<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidValue;

/**
 * MessagePack without the msgpack extension.
 *
 * docs/php.md has the table of types. In short: strings that are UTF-8 become
 * str, others bin; lists become arrays, other arrays and stdClass maps; [] is
 * an empty array and new stdClass an empty map. Bytes never become objects.
 */
final class MessagePack
{
    /**
     * @param mixed $value null, scalars, arrays, stdClass, JsonSerializable, Traversable, backed enums, dates
     * @throws InvalidValue for anything else, wherever it is inside
     */
    public static function pack(mixed $value): string
    {
        return Native::get()->values()->pack($value);
    }

    /**
     * @param string $packed exactly one value
     * @return null|bool|int|float|string|array<mixed>
     * @throws InvalidMessage when the bytes are anything else, or hold an extension or a key that PHP has not
     */
    public static function unpack(string $packed): null|bool|int|float|string|array
    {
        return Native::get()->values()->unpack($packed);
    }
}
