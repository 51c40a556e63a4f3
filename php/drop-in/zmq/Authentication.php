<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

/**
 * Who may connect: libzmq's requests by ZAP (RFC 27), answered for ZMQAuth.
 *
 * CZMQ has a thread for them. Here they are answered while the program waits
 * for a socket.
 *
 * @internal
 */
final class Authentication
{
    private const ENDPOINT = 'inproc://zeromq.zap.01';
    private const IN = 1;

    /** Whether anything has to be looked at; here, so that all others cost nothing. */
    public static bool $isOn = false;

    public static function receive(int $socket, int $flags): string|int
    {
        return Library::native()->receiveFrame($socket, $flags);
    }
    public static function await(int $socket, int $flags): void
    {
    }
    public static function poll(array $items, int $timeoutMs): array|int
    {
        return Library::native()->pollSockets(Library::native()->pollSet($items), $timeoutMs);
    }
}
