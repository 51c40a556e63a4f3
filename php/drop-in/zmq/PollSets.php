<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

use Zroute\DropIn\HiddenObjects;

/**
 * What the native library polls, kept from one poll to the next: programs
 * poll the same sockets again and again.
 *
 * @internal
 */
final class PollSets
{
    private const MOST = 16;

    /** @var array<string, object> */
    private static array $sets = [];

    /**
     * @param non-empty-array<array{int, int, int}> $items a socket's number or 0, a descriptor, events
     * @return array<int, int>|int the events of those that are ready, by place; or a status
     */
    public static function poll(array $items, int $timeoutMs): array|int
    {
        return Authentication::isOn()
            ? Authentication::poll(array_values($items), $timeoutMs)
            : Library::native()->pollSockets(self::of($items), $timeoutMs);
    }

    /** @param non-empty-array<array{int, int, int}> $items a socket's number or 0, a descriptor, events */
    public static function of(array $items): object
    {
        $key = '';
        foreach ($items as [$socket, $descriptor, $events]) {
            $key .= "$socket $descriptor $events,";
        }
        return self::$sets[$key] ?? HiddenObjects::make(static function () use ($key, $items): object {
            if (count(self::$sets) >= self::MOST) {
                array_shift(self::$sets);
            }
            return self::$sets[$key] = Library::native()->pollSet(array_values($items));
        });
    }
}
