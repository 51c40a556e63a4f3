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
    /** $packer[$value] is a string by the settings in use, or null where the codec has to be called; or there is none. */
    public static ?object $packer = null;
    /** $unpacker[$packed] is the value; an object that settle() knows, if it is one; or there is none. */
    public static ?object $unpacker = null;
    /** The codec whose they are. */
    private static ?SlotCodec $inPlace = null;

    /** Chooses it on first use, as Zroute\MessagePack chooses its bridge. */
    public static function open(): Codec
    {
        if (self::$codec === null) {
            self::$codec = HiddenObjects::make(static function (): Codec {
                AllowedClasses::current();
                $native = Native::get();
                $serialize = new SerializeCodec($native);
                return $native->bridge() === 'slot' ? self::inPlace($native, $serialize) : $serialize;
            });
            self::renew();
        }
        return self::$codec;
    }

    /** @throws NativeError when ZROUTE_BRIDGE asks for what is not to be had */
    private static function inPlace(Native $native, Codec $other): Codec
    {
        try {
            return self::$inPlace = SlotCodec::open($native, $other);
        } catch (NativeError $e) {
            if (getenv('ZROUTE_BRIDGE') === 'slot') {
                throw new NativeError('ZROUTE_BRIDGE=slot cannot be used here: ' . $e->getMessage(), 0, $e);
            }
            return $other;
        }
    }

    /** To be called when the settings have changed, or the allowed classes. */
    public static function renew(): void
    {
        if (self::$inPlace !== null) {
            [self::$packer, self::$unpacker] = self::$inPlace->direct(Settings::$bits, AllowedClasses::current());
        }
    }

    /** What an object stands for that $unpacker has made of the bytes. */
    public static function settle(object $value, string $packed, ?Remarks &$remarks): mixed
    {
        if (self::$inPlace === null || self::$unpacker === null) {
            return $value;
        }
        $allowed = AllowedClasses::current();
        return self::$inPlace->settle($value, self::$unpacker, $packed, Settings::$bits, $allowed, $remarks);
    }
}
