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

    public static function native(): Native
    {
        return self::$native ??= HiddenObjects::make(static function (): Native {
            Ending::await();
            return Native::get();
        });
    }

    /** As much of a text as C sees. */
    public static function cText(string $text): string
    {
        $end = strpos($text, "\0");
        return $end === false ? $text : substr($text, 0, $end);
    }
}
