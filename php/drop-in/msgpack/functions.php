<?php

declare(strict_types=1);

// The extension's functions and constants. Parameters have no types, as its own have none. Most calls end with one step
// in the codec's converters: another call would take longer than a small value.

use Zroute\DropIn\Codecs;
use Zroute\DropIn\Conversion;
use Zroute\DropIn\Settings;

if (!function_exists('msgpack_pack')) {
    function msgpack_pack($value)
    {
        return Codecs::$packer[$value] ?? (Codecs::$codec ?? Codecs::open())->pack($value, Settings::$bits);
    }
}

if (!function_exists('msgpack_serialize')) {
    function msgpack_serialize($value)
    {
        return Codecs::$packer[$value] ?? (Codecs::$codec ?? Codecs::open())->pack($value, Settings::$bits);
    }
}

if (!function_exists('msgpack_unpack')) {
    function msgpack_unpack($str, $object = null)
    {
        if ($object === null && is_string($str) && Codecs::$unpacker !== null) {
            $value = Codecs::$unpacker[$str];
            return is_object($value) ? Conversion::object($value, $str) : $value;
        }
        return Conversion::unpack(__FUNCTION__, $str, $object, Settings::$bits);
    }
}

if (!function_exists('msgpack_unserialize')) {
    function msgpack_unserialize($str, $object = null)
    {
        if ($object === null && is_string($str) && Codecs::$unpacker !== null) {
            $value = Codecs::$unpacker[$str];
            return is_object($value) ? Conversion::object($value, $str) : $value;
        }
        return Conversion::unpack(__FUNCTION__, $str, $object, Settings::$bits);
    }
}

defined('MESSAGEPACK_OPT_PHPONLY') || define('MESSAGEPACK_OPT_PHPONLY', -1001);
defined('MESSAGEPACK_OPT_ASSOC') || define('MESSAGEPACK_OPT_ASSOC', -1002);
defined('MESSAGEPACK_OPT_FORCE_F32') || define('MESSAGEPACK_OPT_FORCE_F32', -1003);
