<?php

declare(strict_types=1);

namespace Zroute\DropIn;

use Zroute\Exception\NativeError;
use Zroute\Native;

/**
 * The codec in use.
 *
 * @internal
 */
final class Codecs
{
    public static ?Codec $codec = null;

    /** Chooses it on first use, as Zroute\MessagePack chooses its bridge. */
    public static function open(): Codec
    {
        return self::$codec ??= HiddenObjects::make(static function (): Codec {
            AllowedClasses::current();
            $native = Native::get();
            $anywhere = new SerializeCodec($native);
            try {
                return SlotCodec::open($native, $anywhere);
            } catch (NativeError) {
                return $anywhere;
            }
        });
    }
}
