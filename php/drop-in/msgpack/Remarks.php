<?php

declare(strict_types=1);

namespace Zroute\DropIn;

/**
 * What there is to be said about bytes that were unpacked: material for warnings.
 *
 * @internal
 */
final class Remarks
{
    /** The bytes are no value; what is wrong with them. */
    public const MALFORMED = 1;
    /** The bytes end too early. */
    public const INSUFFICIENT = 2;
    /** Bytes follow the value. */
    public const EXTRA_BYTES = 4;
    /** A map key is neither an integer nor a string. */
    public const ILLEGAL_KEY = 8;
    /** A back reference leads nowhere. */
    public const INVALID_REFERENCE = 16;

    /**
     * @param int $kinds bits of this class
     * @param list<string> $refused the classes that were named and not allowed, each once
     * @param string $text for MALFORMED: which limit the bytes pass, if any
     */
    public function __construct(
        public readonly int $kinds,
        public readonly array $refused = [],
        public readonly string $text = ''
    ) {
    }
}
