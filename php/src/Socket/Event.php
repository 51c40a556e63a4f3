<?php

declare(strict_types=1);

namespace Zroute\Socket;

/**
 * What a Monitor tells: something has happened to a connection.
 */
final class Event
{
    public const CONNECTED = 0x1;
    public const CONNECT_DELAYED = 0x2;
    public const CONNECT_RETRIED = 0x4;
    public const LISTENING = 0x8;
    public const BIND_FAILED = 0x10;
    public const ACCEPTED = 0x20;
    public const ACCEPT_FAILED = 0x40;
    public const CLOSED = 0x80;
    public const CLOSE_FAILED = 0x100;
    public const DISCONNECTED = 0x200;
    public const MONITOR_STOPPED = 0x400;
    public const HANDSHAKE_FAILED_NO_DETAIL = 0x800;
    public const HANDSHAKE_SUCCEEDED = 0x1000;
    public const HANDSHAKE_FAILED_PROTOCOL = 0x2000;
    public const HANDSHAKE_FAILED_AUTH = 0x4000;
    public const ALL = 0xFFFF;

    /** The name of its constant here, or '' for one that is not here. */
    public readonly string $name;

    /** @internal */
    public function __construct(
        /** One of the constants. */
        public readonly int $type,
        /** A descriptor, an errno, a number of milliseconds or a reason, as libzmq's zmq_socket_monitor says. */
        public readonly int $value,
        /** Of the connection, or the one that was bound. */
        public readonly string $endpoint,
    ) {
        $names = array_flip((new \ReflectionClass(self::class))->getConstants());
        $this->name = (string) ($names[$type] ?? '');
    }
}
