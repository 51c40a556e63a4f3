<?php

declare(strict_types=1);

namespace Zroute\DropIn;

/**
 * The extension's ini settings. php.ini and -d set them for the start;
 * ini_set() cannot change what no extension has declared, so this does:
 *
 *     Zroute\DropIn\Settings::set('msgpack.php_only', false);
 */
final class Settings
{
    private const BITS = [
        'msgpack.php_only' => Codec::PHP_ONLY,
        'msgpack.use_str8_serialization' => Codec::STR8,
        'msgpack.force_f32' => Codec::FORCE_F32,
        'msgpack.assoc' => Codec::ASSOC,
        'msgpack.illegal_key_insert' => Codec::ILLEGAL_KEY_INSERT,
    ];
    private const DEFAULTS = Codec::PHP_ONLY | Codec::STR8 | Codec::ASSOC;
    private const ERROR_DISPLAY = 'msgpack.error_display';

    /** @internal bits of Codec */
    public static int $bits = self::DEFAULTS;
    /** @internal whether to warn */
    public static bool $errorDisplay = true;

    /** @internal takes what php.ini and -d say */
    public static function read(): void
    {
        foreach (self::BITS as $name => $bit) {
            self::$bits = self::isOn($name, self::DEFAULTS & $bit) ? self::$bits | $bit : self::$bits & ~$bit;
        }
        self::$errorDisplay = self::isOn(self::ERROR_DISPLAY, 1);
    }

    /**
     * Changes a setting for the rest of the request.
     *
     * @param string $name as php.ini has it, such as msgpack.php_only
     * @return bool what it was
     * @throws \InvalidArgumentException when there is no such setting
     */
    public static function set(string $name, bool $value): bool
    {
        if ($name === self::ERROR_DISPLAY) {
            $old = self::$errorDisplay;
            self::$errorDisplay = $value;
            return $old;
        }
        $bit = self::BITS[$name] ?? throw new \InvalidArgumentException(
            "Zroute\DropIn\Settings::set(): there is no setting '$name', only "
            . implode(', ', array_keys(self::BITS)) . ' and ' . self::ERROR_DISPLAY
        );
        $old = (self::$bits & $bit) !== 0;
        self::$bits = self::with(self::$bits, $bit, $value);
        Codecs::renew();
        return $old;
    }

    /** @internal */
    public static function with(int $bits, int $bit, bool $on): int
    {
        return $on ? $bits | $bit : $bits & ~$bit;
    }

    /** As the extension reads a truth value. */
    private static function isOn(string $name, int $default): bool
    {
        $value = get_cfg_var($name);
        if (!is_string($value)) {
            return $default !== 0;
        }
        return in_array(strtolower($value), ['true', 'yes', 'on'], true) || (int) $value !== 0;
    }
}

Settings::read();
