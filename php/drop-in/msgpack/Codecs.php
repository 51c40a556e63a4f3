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
    /**
     * The short way for what holds no object, with the settings that are in
     * force: $plain[$packed] is the value, or any object where it is not for this.
     */
    public static ?object $plain = null;

    /** Chooses it on first use, as Zroute\MessagePack chooses its bridge. */
    public static function open(): Codec
    {
        return self::$codec ??= HiddenObjects::make(static function (): Codec {
            AllowedClasses::current();
            $native = Native::get();
            $serialize = new SerializeCodec($native);
            return $native->bridge() === 'slot' ? self::inPlace($native, $serialize) : $serialize;
        });
    }

    /** @throws NativeError when ZROUTE_BRIDGE asks for what is not to be had */
    private static function inPlace(Native $native, Codec $other): Codec
    {
        try {
            return SlotCodec::open($native, $other);
        } catch (NativeError $e) {
            if (getenv('ZROUTE_BRIDGE') === 'slot') {
                throw new NativeError('ZROUTE_BRIDGE=slot cannot be used here: ' . $e->getMessage(), 0, $e);
            }
            return $other;
        }
    }
}
