<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

use Zroute\DropIn\HiddenObjects;

/**
 * What a socket sends and receives through without a call, where the native
 * library knows the engine: Native::frames().
 *
 * @internal
 */
final class Frames
{
    /** A flag: a whole message, a list if it has more frames than one. */
    public const WHOLE = 4;
    private const AT_ONCE = 16;

    /** @var array<int, object> by socket; public and no method, for its speed */
    public static array $of = [];
    /** @var list<object> of sockets that are closed, or to come */
    private static array $spare = [];
    private static bool $areUsed = true;

    public static function open(int $socket): void
    {
        if (self::$areUsed && self::$spare === []) {
            self::$spare = array_filter(HiddenObjects::make(self::some(...)));
            self::$areUsed = self::$spare !== [];
        }
        if (self::$areUsed) {
            self::$of[$socket] = array_pop(self::$spare);
            self::$of[$socket]->socket = $socket;
        }
    }

    /** @return list<object|null> */
    private static function some(): array
    {
        $native = Library::native();
        return array_map(static fn (): ?object => $native->frames(0, false), range(1, self::AT_ONCE));
    }

    public static function close(int $socket): void
    {
        if (isset(self::$of[$socket])) {
            self::$spare[] = self::$of[$socket];
            unset(self::$of[$socket]);
        }
    }

    /** From now on every call goes through Library::$calls. */
    public static function giveUp(): void
    {
        self::$areUsed = false;
        self::$of = self::$spare = [];
    }
}
