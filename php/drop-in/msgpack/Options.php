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

    /**
     * The settings that an object starts with.
     *
     * @param list<mixed> $arguments of its constructor: php_only, if there is one
     */
    public static function start(string $function, array $arguments): int
    {
        if ($arguments === []) {
            return Settings::$bits;
        }
        $phpOnly = $arguments[0];
        if ($phpOnly !== null && !is_scalar($phpOnly)) {
            throw new \TypeError(
                "$function(): Argument #1 (\$opt) must be of type bool, " . get_debug_type($phpOnly) . ' given'
            );
        }
        if ($phpOnly === null) {
            Conversion::deprecateNull($function, 'opt', 'bool');
        }
        return Settings::with(Settings::$bits, Codec::PHP_ONLY, (bool) $phpOnly);
    }

    public static function set(int &$settings, string $function, mixed $option, mixed $value): bool
    {
        if ($option !== null && !is_scalar($option) || is_string($option) && !is_numeric($option)) {
            throw new \TypeError(
                "$function(): Argument #1 (\$option) must be of type int, " . get_debug_type($option) . ' given'
            );
        }
        if ($option === null) {
            Conversion::deprecateNull($function, 'option', 'int');
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
