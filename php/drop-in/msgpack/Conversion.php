<?php

declare(strict_types=1);

namespace Zroute\DropIn;

use function is_string;

/**
 * From bytes to values, with the extension's warnings.
 *
 * @internal
 */
final class Conversion
{
    /** How much of what bytes name goes into warnings. */
    private const MOST_NAMES = 8;
    private const LONGEST_NAME = 200;
    private const CLASS_NAME = '/^[a-z_\x80-\xff][a-z0-9_\x80-\xff]*(?:\\\\[a-z_\x80-\xff][a-z0-9_\x80-\xff]*)*$/Di';

    /**
     * @param string $function for what is said about arguments
     * @param int $settings bits of Codec
     * @return mixed null for no bytes, false for bytes that are no value
     */
    public static function unpack(string $function, mixed $packed, mixed $template, int $settings): mixed
    {
        if (!is_string($packed)) {
            $packed = self::text($function, $packed);
        }
        if ($template !== null) {
            $allowed = Template::allow($template, AllowedClasses::$current ?? AllowedClasses::current());
            return Template::convert($template, self::value($packed, $settings, $allowed));
        }
        return self::value($packed, $settings, AllowedClasses::$current ?? AllowedClasses::current());
    }

    /** What an object stands for that Codecs::$unpacker has made of the bytes; the extension's warnings besides. */
    public static function object(object $value, string $packed): mixed
    {
        if ($packed === '') {
            return null;
        }
        $remarks = null;
        $value = Codecs::settle($value, $packed, $remarks);
        if ($remarks !== null) {
            self::warn($remarks);
        }
        return $value;
    }

    private static function value(string $packed, int $settings, AllowedClasses $allowed): mixed
    {
        if ($packed === '') {
            return null;
        }
        $remarks = null;
        $value = (Codecs::$codec ?? Codecs::open())->unpack($packed, $settings, $allowed, $remarks);
        if ($remarks !== null) {
            self::warn($remarks);
        }
        return $value;
    }

    /** A string argument, as PHP makes one of what it is given. */
    public static function text(string $function, mixed $text): string
    {
        if ($text === null) {
            self::deprecateNull($function, 'str', 'string');
            return '';
        }
        if (is_scalar($text) || $text instanceof \Stringable) {
            return (string) $text;
        }
        throw new \TypeError(
            "$function(): Argument #1 (\$str) must be of type string, " . get_debug_type($text) . ' given'
        );
    }

    /** PHP's words on null for a first parameter of a class or function that is built in. */
    public static function deprecateNull(string $function, string $parameter, string $type): void
    {
        trigger_error(
            "$function(): Passing null to parameter #1 (\$$parameter) of type $type is deprecated",
            E_USER_DEPRECATED
        );
    }

    private static function warn(Remarks $remarks): void
    {
        $texts = [
            Remarks::INVALID_REFERENCE => '[msgpack] (msgpack_unserialize_map_item) Invalid references value',
            Remarks::ILLEGAL_KEY => '[msgpack] (msgpack_unserialize_map_item) illegal key type',
            Remarks::MALFORMED => '[msgpack] (php_msgpack_unserialize) Parse error',
            Remarks::INSUFFICIENT => '[msgpack] (php_msgpack_unserialize) Insufficient data for unserializing',
            Remarks::EXTRA_BYTES => '[msgpack] (php_msgpack_unserialize) Extra bytes',
        ];
        foreach ($texts as $kind => $text) {
            if (($remarks->kinds & $kind) !== 0) {
                $more = $kind === Remarks::MALFORMED && $remarks->text !== '' ? ": {$remarks->text}" : '';
                self::warning($text . $more);
            }
        }
        foreach (array_slice($remarks->refused, 0, self::MOST_NAMES) as $class) {
            // Whoever wrote the bytes chose the name.
            $name = addcslashes(substr($class, 0, self::LONGEST_NAME), "\0..\37'\177..\377");
            [$reason, $advice] = preg_match(self::CLASS_NAME, $class) === 1
                ? ['which is not allowed', ". Zroute\DropIn\AllowedClasses::set(['$name']) allows it"]
                : ['which is no name of a class', ''];
            self::warning(
                "[msgpack] (msgpack_unserialize_map_item) the bytes name class $name, $reason: a stdClass object was "
                . "made of it$advice"
            );
        }
    }

    /** PHP's own code cannot raise E_WARNING, so this is E_USER_WARNING. */
    public static function warning(string $text): void
    {
        if (Settings::$errorDisplay) {
            trigger_error($text, E_USER_WARNING);
        }
    }
}
