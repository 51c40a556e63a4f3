<?php

declare(strict_types=1);

namespace Zroute\DropIn;

/**
 * The options of the extension's classes.
 *
 * @internal
 */
final class Options
{
    public const BITS = [-1001 => Codec::PHP_ONLY, -1002 => Codec::ASSOC, -1003 => Codec::FORCE_F32];

    /** The settings that an object starts with; null says nothing about php_only. */
    public static function start(string $function, mixed $phpOnly): int
    {
        if ($phpOnly !== null && !is_scalar($phpOnly)) {
            throw new \TypeError(
                "$function(): Argument #1 (\$opt) must be of type bool, " . get_debug_type($phpOnly) . ' given'
            );
        }
        return $phpOnly === null ? Settings::$bits : Settings::with(Settings::$bits, Codec::PHP_ONLY, (bool) $phpOnly);
    }

    public static function set(int &$settings, string $function, mixed $option, mixed $value): bool
    {
        if (!is_scalar($option) || is_string($option) && !is_numeric($option)) {
            throw new \TypeError(
                "$function(): Argument #1 (\$option) must be of type int, " . get_debug_type($option) . ' given'
            );
        }
        $bit = self::BITS[(int) $option] ?? null;
        if ($bit === null) {
            Conversion::warning("[msgpack] ($function) error setting msgpack option");
            return false;
        }
        $settings = Settings::with($settings, $bit, (bool) $value);
        return true;
    }
}
