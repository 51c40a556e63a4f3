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
            $anywhere = new SerializeCodec($native);
            try {
                $slot = SlotCodec::open($native, $anywhere);
                self::$plain = $slot->plain(Settings::$bits);
                return $slot;
            } catch (NativeError) {
                return $anywhere;
            }
        });
    }

    /** Lets go of what $plain has built before it found that a value is not for it. */
    public static function forget(): void
    {
        if (self::$plain !== null) {
            unset(self::$plain->report->value, self::$plain->report->refused);
        }
    }

    /** Settings have changed. */
    public static function renew(): void
    {
        self::$plain = self::$codec instanceof SlotCodec ? self::$codec->plain(Settings::$bits) : null;
    }
}
