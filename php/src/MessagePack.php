<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidValue;

use function is_int;

/**
 * MessagePack without the msgpack extension.
 *
 * docs/php.md has the table of types. In short: strings that are UTF-8 become
 * str, others bin; lists become arrays, other arrays and stdClass maps; [] is
 * an empty array and new stdClass an empty map. Bytes never become objects.
 */
final class MessagePack
{
    private static ?Bridge $bridge = null;

    /** The integers that are one byte, in their order. A look here is quicker than any call. */
    private const BYTES = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
        . "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
        . " !\x22#\x24%&'()*+,-./0123456789:;<=>?"
        . "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\x5c]^_"
        . "`abcdefghijklmnopqrstuvwxyz{|}~\x7f";

    /** The other way round. */
    private const INTEGERS = [
        "\x00" => 0, "\x01" => 1, "\x02" => 2, "\x03" => 3, "\x04" => 4, "\x05" => 5, "\x06" => 6, "\x07" => 7,
        "\x08" => 8, "\x09" => 9, "\x0a" => 10, "\x0b" => 11, "\x0c" => 12, "\x0d" => 13, "\x0e" => 14, "\x0f" => 15,
        "\x10" => 16, "\x11" => 17, "\x12" => 18, "\x13" => 19, "\x14" => 20, "\x15" => 21, "\x16" => 22, "\x17" => 23,
        "\x18" => 24, "\x19" => 25, "\x1a" => 26, "\x1b" => 27, "\x1c" => 28, "\x1d" => 29, "\x1e" => 30, "\x1f" => 31,
        " " => 32, "!" => 33, "\x22" => 34, "#" => 35, "\x24" => 36, "%" => 37, "&" => 38, "'" => 39,
        "(" => 40, ")" => 41, "*" => 42, "+" => 43, "," => 44, "-" => 45, "." => 46, "/" => 47,
        "0" => 48, "1" => 49, "2" => 50, "3" => 51, "4" => 52, "5" => 53, "6" => 54, "7" => 55,
        "8" => 56, "9" => 57, ":" => 58, ";" => 59, "<" => 60, "=" => 61, ">" => 62, "?" => 63,
        "@" => 64, "A" => 65, "B" => 66, "C" => 67, "D" => 68, "E" => 69, "F" => 70, "G" => 71,
        "H" => 72, "I" => 73, "J" => 74, "K" => 75, "L" => 76, "M" => 77, "N" => 78, "O" => 79,
        "P" => 80, "Q" => 81, "R" => 82, "S" => 83, "T" => 84, "U" => 85, "V" => 86, "W" => 87,
        "X" => 88, "Y" => 89, "Z" => 90, "[" => 91, "\x5c" => 92, "]" => 93, "^" => 94, "_" => 95,
        "`" => 96, "a" => 97, "b" => 98, "c" => 99, "d" => 100, "e" => 101, "f" => 102, "g" => 103,
        "h" => 104, "i" => 105, "j" => 106, "k" => 107, "l" => 108, "m" => 109, "n" => 110, "o" => 111,
        "p" => 112, "q" => 113, "r" => 114, "s" => 115, "t" => 116, "u" => 117, "v" => 118, "w" => 119,
        "x" => 120, "y" => 121, "z" => 122, "{" => 123, "|" => 124, "}" => 125, "~" => 126, "\x7f" => 127,
    ];

    /**
     * @param mixed $value null, scalars, arrays, stdClass, JsonSerializable, Traversable, backed enums, dates
     * @throws InvalidValue for anything else, wherever it is inside
     */
    public static function pack(mixed $value): string
    {
        if (is_int($value) && $value >= 0 && $value < 128) {
            return self::BYTES[$value];
        }
        return (self::$bridge ??= Native::get()->values())->pack($value);
    }

    /**
     * @param string $packed exactly one value
     * @return null|bool|int|float|string|array<mixed>
     * @throws InvalidMessage when the bytes are anything else, or hold an extension or a key that PHP has not
     */
    // PHP would check a narrower type at each return, which takes a tenth of a small integer's time.
    public static function unpack(string $packed): mixed
    {
        if (isset($packed[1])) {
            return (self::$bridge ??= Native::get()->values())->unpack($packed);
        }
        return self::INTEGERS[$packed] ?? (self::$bridge ??= Native::get()->values())->unpack($packed);
    }
}
