<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

use Zroute\DropIn\HiddenObjects;
use Zroute\Native;

/**
 * The native library, loaded on first use.
 *
 * @internal
 */
final class Library
{
    private static ?Native $native = null;
    /** The same, for the calls of sockets that may wait. Public and no method, for its speed. */
    public static Native|Authentication $calls;

    public static function native(): Native
    {
        return self::$native ?? self::load();
    }

    private static function load(): Native
    {
        self::$native = HiddenObjects::make(static function (): Native {
            $native = Native::get();
            // Not where there is nothing to end.
            Ending::await();
            return $native;
        });
        return self::$calls = self::$native;
    }

    /** As much of a text as C sees. */
    public static function cText(string $text): string
    {
        $end = strpos($text, "\0");
        return $end === false ? $text : substr($text, 0, $end);
    }
}
