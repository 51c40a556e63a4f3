<?php

declare(strict_types=1);

// The extension's functions and constants. Parameters have no types, as its own have none.

use Zroute\DropIn\Codecs;
use Zroute\DropIn\Conversion;
use Zroute\DropIn\Settings;

if (!function_exists('msgpack_pack')) {
    function msgpack_pack($value)
    {
        return (Codecs::$codec ?? Codecs::open())->pack($value, Settings::$bits);
    }
}

if (!function_exists('msgpack_serialize')) {
    function msgpack_serialize($value)
    {
        return (Codecs::$codec ?? Codecs::open())->pack($value, Settings::$bits);
    }
}

if (!function_exists('msgpack_unpack')) {
    function msgpack_unpack($str, $object = null)
    {
        if (
            Codecs::$plain !== null && $object === null && is_string($str)
            && !is_object($value = Codecs::$plain[$str])
        ) {
            return $value;
        }
        unset($value);
        Codecs::forget();
        return Conversion::unpack(__FUNCTION__, $str, $object, Settings::$bits);
    }
}

if (!function_exists('msgpack_unserialize')) {
    function msgpack_unserialize($str, $object = null)
    {
        if (
            Codecs::$plain !== null && $object === null && is_string($str)
            && !is_object($value = Codecs::$plain[$str])
        ) {
            return $value;
        }
        unset($value);
        Codecs::forget();
        return Conversion::unpack(__FUNCTION__, $str, $object, Settings::$bits);
    }
}

defined('MESSAGEPACK_OPT_PHPONLY') || define('MESSAGEPACK_OPT_PHPONLY', -1001);
defined('MESSAGEPACK_OPT_ASSOC') || define('MESSAGEPACK_OPT_ASSOC', -1002);
defined('MESSAGEPACK_OPT_FORCE_F32') || define('MESSAGEPACK_OPT_FORCE_F32', -1003);
