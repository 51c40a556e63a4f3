<?php

declare(strict_types=1);

namespace Zroute\DropIn;

/**
 * The MessagePack of ext-msgpack, objects included: one native call each way.
 *
 * All codecs make the same bytes and the same values of the same; where one of
 * them cannot, its own comment says so. They are chosen as Zroute\MessagePack
 * chooses its bridge.
 *
 * @internal
 */
interface Codec
{
    // The settings, as bits. Of the extension's ini entries msgpack.*, and of its options.
    /** Objects keep class, identity and references. Else an object is the list of what it holds. */
    public const PHP_ONLY = 1;
    /** A string of 32 to 255 bytes is a str8; else a str16. */
    public const STR8 = 2;
    /** A float takes 4 bytes. */
    public const FORCE_F32 = 4;
    /** Without PHP_ONLY: an object is a list, and a map an array; else both are maps. */
    public const ASSOC = 8;
    /** A key that PHP has not, such as a float, is put in as a value of its own. */
    public const ILLEGAL_KEY_INSERT = 16;

    /** serialize or slot */
    public function name(): string;

    /**
     * @param int $settings bits of this interface
     * @throws \Throwable what a hook of the value's own throws; \Exception when a class forbids to be packed
     */
    public function pack(mixed $value, int $settings): string;

    /**
     * @param string $packed one value; bytes after it are left alone
     * @param int $settings bits of this interface
     * @param AllowedClasses $allowed an object of another class becomes a stdClass object
     * @param Remarks|null $remarks null in, and null out unless there is something to be said
     * @return mixed false when the bytes are no value; $remarks then says why
     * @throws \Throwable what __wakeup() and its kin throw
     */
    public function unpack(string $packed, int $settings, AllowedClasses $allowed, ?Remarks &$remarks): mixed;
}
