<?php

declare(strict_types=1);

namespace Zroute;

/**
 * The numbers of the native library's `zroute_status` that PHP looks at; they
 * never change.
 *
 * @internal
 */
final class Status
{
    public const OK = 0;
    public const TIMEOUT = 1;
    public const INTERRUPTED = 2;
    public const STOPPED = 3;
    public const END = 4;
    public const BAD_ARGUMENT = 10;
    public const BAD_HANDLE = 11;
    public const BUSY = 12;
    public const FORKED = 13;
    public const UNSUPPORTED = 16;
    public const BAD_ENDPOINT = 20;
    public const UNREACHABLE = 21;
    public const BAD_OPTION = 22;
    public const BAD_STATE = 25;
    public const OUTCOME_UNKNOWN = 26;
    public const INVALID_VALUE = 30;
    public const TOO_LARGE = 32;
    public const UNKNOWN_CALL = 33;
    public const RESERVED_VALUE = 34;
    public const NOT_PLAIN = 35;
    public const FAULT = 40;
    public const NOT_CONNECTED = 41;
    public const INVALID_ANSWER = 42;
}
