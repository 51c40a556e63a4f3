<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

use Zroute\Status;

/**
 * Socket options as the extension has them: which can be got or set, of which
 * types of socket, and what their values are.
 *
 * @internal
 */
final class Options
{
    private const INT = 'int';
    private const INT64 = 'int64';
    private const BYTES = 'bytes';
    private const STREAM = 'stream';

    private const PUB = 1;
    private const SUB = 2;
    private const REQ = 3;
    private const REP = 4;
    private const DEALER = 5;
    private const ROUTER = 6;
    private const PULL = 7;
    private const PUSH = 8;
    private const XPUB = 9;
    private const STREAM_SOCKET = 11;

    private const HWM = 2001;
    private const LINGER = 17;

    /** Number => name, type, whether it can be got (r) and set (w), and the types of socket that alone have it. */
    private const ALL = [
        4 => ['AFFINITY', self::INT64, 'rw'],
        5 => ['IDENTITY', self::BYTES, 'rw', [self::REQ, self::REP, self::DEALER, self::ROUTER]],
        6 => ['SUBSCRIBE', self::BYTES, 'w', [self::SUB]],
        7 => ['UNSUBSCRIBE', self::BYTES, 'w', [self::SUB]],
        8 => ['RATE', self::INT, 'rw'],
        9 => ['RECOVERY_IVL', self::INT, 'rw'],
        11 => ['SNDBUF', self::INT, 'rw'],
        12 => ['RCVBUF', self::INT, 'rw'],
        13 => ['RCVMORE', self::INT, 'r'],
        14 => ['FD', self::STREAM, 'r'],
        15 => ['EVENTS', self::INT, 'r'],
        16 => ['TYPE', self::INT, 'r'],
        self::LINGER => ['LINGER', self::INT, 'rw'],
        18 => ['RECONNECT_IVL', self::INT, 'rw'],
        19 => ['BACKLOG', self::INT, 'rw'],
        21 => ['RECONNECT_IVL_MAX', self::INT, 'rw'],
        22 => ['MAXMSGSIZE', self::INT64, 'rw'],
        23 => ['SNDHWM', self::INT, 'rw'],
        24 => ['RCVHWM', self::INT, 'rw'],
        25 => ['MULTICAST_HOPS', self::INT, 'rw'],
        27 => ['RCVTIMEO', self::INT, 'rw'],
        28 => ['SNDTIMEO', self::INT, 'rw'],
        31 => ['IPV4ONLY', self::INT, 'rw'],
        32 => ['LAST_ENDPOINT', self::BYTES, 'r'],
        33 => ['ROUTER_MANDATORY', self::INT, 'w', [self::ROUTER]],
        34 => ['TCP_KEEPALIVE', self::INT, 'rw'],
        35 => ['TCP_KEEPALIVE_CNT', self::INT, 'rw'],
        36 => ['TCP_KEEPALIVE_IDLE', self::INT, 'rw'],
        37 => ['TCP_KEEPALIVE_INTVL', self::INT, 'rw'],
        38 => ['TCP_ACCEPT_FILTER', self::BYTES, 'w'],
        39 => ['IMMEDIATE', self::INT, 'rw'],
        40 => ['XPUB_VERBOSE', self::INT, 'w', [self::XPUB]],
        41 => ['ROUTER_RAW', self::INT, 'w', [self::ROUTER]],
        42 => ['IPV6', self::INT, 'rw'],
        43 => ['MECHANISM', self::INT, 'r'],
        44 => ['PLAIN_SERVER', self::INT, 'rw'],
        45 => ['PLAIN_USERNAME', self::BYTES, 'rw'],
        46 => ['PLAIN_PASSWORD', self::BYTES, 'rw'],
        47 => ['CURVE_SERVER', self::INT, 'rw'],
        48 => ['CURVE_PUBLICKEY', self::BYTES, 'rw'],
        49 => ['CURVE_SECRETKEY', self::BYTES, 'rw'],
        50 => ['CURVE_SERVERKEY', self::BYTES, 'rw'],
        51 => ['PROBE_ROUTER', self::INT, 'w', [self::REQ, self::DEALER, self::ROUTER]],
        52 => ['REQ_CORRELATE', self::INT, 'w', [self::REQ]],
        53 => ['REQ_RELAXED', self::INT, 'w', [self::REQ]],
        54 => ['CONFLATE', self::INT, 'w', [self::PUB, self::SUB, self::DEALER, self::PULL, self::PUSH]],
        55 => ['ZAP_DOMAIN', self::BYTES, 'rw'],
        56 => ['ROUTER_HANDOVER', self::INT, 'w', [self::ROUTER]],
        57 => ['TOS', self::INT, 'rw'],
        61 => ['CONNECT_RID', self::BYTES, 'w', [self::ROUTER, self::STREAM_SOCKET]],
        62 => ['GSSAPI_SERVER', self::INT, 'rw'],
        63 => ['GSSAPI_PRINCIPAL', self::BYTES, 'rw'],
        64 => ['GSSAPI_SERVICE_PRINCIPAL', self::BYTES, 'rw'],
        65 => ['GSSAPI_PLAINTEXT', self::INT, 'rw'],
        66 => ['HANDSHAKE_IVL', self::INT, 'rw'],
        68 => ['SOCKS_PROXY', self::BYTES, 'rw'],
        69 => ['XPUB_NODROP', self::INT, 'w', [self::PUB, self::XPUB]],
        71 => ['XPUB_MANUAL', self::INT, 'w', [self::XPUB]],
        72 => ['XPUB_WELCOME_MSG', self::BYTES, 'w', [self::XPUB]],
        73 => ['STREAM_NOTIFY', self::INT, 'w', [self::STREAM_SOCKET]],
        74 => ['INVERT_MATCHING', self::INT, 'rw', [self::PUB, self::SUB, self::XPUB]],
        75 => ['HEARTBEAT_IVL', self::INT, 'rw'],
        76 => ['HEARTBEAT_TTL', self::INT, 'rw'],
        77 => ['HEARTBEAT_TIMEOUT', self::INT, 'rw'],
        78 => ['XPUB_VERBOSER', self::INT, 'w', [self::XPUB]],
        79 => ['CONNECT_TIMEOUT', self::INT, 'rw'],
        80 => ['TCP_MAXRT', self::INT, 'rw'],
        81 => ['THREAD_SAFE', self::INT, 'r'],
        84 => ['MULTICAST_MAXTPDU', self::INT, 'rw'],
        85 => ['VMCI_BUFFER_SIZE', self::INT, 'rw'],
        86 => ['VMCI_BUFFER_MIN_SIZE', self::INT, 'rw'],
        87 => ['VMCI_BUFFER_MAX_SIZE', self::INT, 'rw'],
        88 => ['VMCI_CONNECT_TIMEOUT', self::INT, 'rw'],
        89 => ['USE_FD', self::INT, 'rw'],
        90 => ['GSSAPI_PRINCIPAL_NAMETYPE', self::INT, 'rw'],
        91 => ['GSSAPI_SERVICE_PRINCIPAL_NAMETYPE', self::INT, 'rw'],
        92 => ['BINDTODEVICE', self::BYTES, 'rw'],
    ];

    /** libzmq's names of today. */
    private const RENAMED = ['IDENTITY' => 'ROUTING_ID', 'CONNECT_RID' => 'CONNECT_ROUTING_ID'];

    private const MOST = 2147483647;
    private const EINVAL = 22;

    /**
     * @return int|string|resource|false
     * @throws \ZMQSocketException
     */
    public static function get(int $socket, int $key)
    {
        self::expectSocket($socket);
        if ($key > self::MOST) {
            throw self::failure('The key must be smaller than or equal to ' . self::MOST);
        }
        if ($key === self::HWM) {
            // libzmq has none of that number.
            $why = Library::native()->errorNumberText(self::EINVAL);
            throw self::failure("Failed to get the option ZMQ::SOCKOPT_HWM value: $why", self::EINVAL);
        }
        [$name, $type] = self::known($socket, $key, 'r');
        $native = Library::native();
        if ($type === self::STREAM) {
            return self::stream($socket);
        }
        if ($type === self::BYTES) {
            $value = $native->getSocketBytes($socket, self::libzmqName($name));
            if (is_string($value)) {
                return $value;
            }
            $status = $value;
        } else {
            $status = $native->getSocketInteger($socket, self::libzmqName($name), $value);
            if ($status === Status::OK) {
                return $value;
            }
        }
        throw Failure::ofStatus(
            \ZMQSocketException::class,
            "Failed to get the option ZMQ::SOCKOPT_$name value",
            $status
        );
    }

    /**
     * @return bool whether the extension returns the socket after it
     * @throws \ZMQSocketException
     */
    public static function set(int $socket, int $key, mixed $value): bool
    {
        self::expectSocket($socket);
        if ($key > self::MOST) {
            throw self::failure('The key must be smaller than ' . self::MOST);
        }
        if ($key === self::HWM) {
            self::setHighWaterMarks($socket, self::int32($value));
            return true;
        }
        [$name, $type] = self::known($socket, $key, 'w');
        $native = Library::native();
        if ($type === self::BYTES) {
            $status = match ($name) {
                'SUBSCRIBE' => $native->subscribe($socket, (string) $value),
                'UNSUBSCRIBE' => $native->unsubscribe($socket, (string) $value),
                default => $native->setSocketBytes($socket, self::libzmqName($name), (string) $value),
            };
        } else {
            $value = $type === self::INT64 ? (int) $value : self::int32($value);
            $status = $native->setSocketInteger($socket, self::libzmqName($name), $value);
        }
        if ($status !== Status::OK) {
            $shown = $type === self::BYTES ? "SOCKOPT_$name" : $name;
            throw Failure::ofStatus(\ZMQSocketException::class, "Failed to set socket ZMQ::$shown option", $status);
        }
        if ($key === self::LINGER) {
            Contexts::noteLinger(Sockets::context($socket), $value);
        }
        return false;
    }

    private static function setHighWaterMarks(int $socket, int $value): void
    {
        $native = Library::native();
        $status = $native->getSocketInteger($socket, 'ZMQ_SNDHWM', $before);
        if ($status === Status::OK) {
            $status = $native->setSocketInteger($socket, 'ZMQ_SNDHWM', $value);
        }
        if ($status === Status::OK) {
            $status = $native->setSocketInteger($socket, 'ZMQ_RCVHWM', $value);
            if ($status !== Status::OK) {
                $native->setSocketInteger($socket, 'ZMQ_SNDHWM', (int) $before);
            }
        }
        if ($status !== Status::OK) {
            throw Failure::ofStatus(
                \ZMQSocketException::class,
                'Failed to set socket ZMQ::SOCKOPT_HWM option',
                $status
            );
        }
    }

    /**
     * A stream of its own on the same file, which gets readable with the
     * socket's descriptor. PHP lets only its command line name descriptors.
     *
     * @return resource|false
     */
    private static function stream(int $socket)
    {
        $status = Library::native()->getSocketInteger($socket, 'ZMQ_FD', $descriptor);
        return $status === Status::OK ? fopen("php://fd/$descriptor", 'r') : false;
    }

    /** @return array{string, string} name and type */
    private static function known(int $socket, int $key, string $access): array
    {
        [$name, $type, $accesses, $only] = (self::ALL[$key] ?? throw self::failure("Unknown option key $key"))
            + [3 => null];
        if (!str_contains($accesses, $access)) {
            $verb = $access === 'r' ? 'Getting' : 'Setting';
            throw self::failure("$verb ZMQ::SOCKOPT_$name is not supported");
        }
        if ($only !== null && !in_array(Sockets::type($socket), $only, true)) {
            throw self::failure("ZMQ::SOCKOPT_$name is not valid for this socket type", self::EINVAL);
        }
        return [$name, $type];
    }

    private static function libzmqName(string $name): string
    {
        return 'ZMQ_' . (self::RENAMED[$name] ?? $name);
    }

    /** What C makes of a number in an int. */
    private static function int32(mixed $value): int
    {
        return (int) $value << 32 >> 32;
    }

    private static function expectSocket(int $socket): void
    {
        if ($socket === 0) {
            throw self::failure('The socket is not properly initialised');
        }
    }

    private static function failure(string $message, int $code = Failure::INTERNAL): \ZMQSocketException
    {
        return Failure::make(\ZMQSocketException::class, $message, $code);
    }
}
