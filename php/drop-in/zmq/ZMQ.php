<?php

use Zroute\DropIn\HiddenObjects;
use Zroute\DropIn\Zmq\Library;
use Zroute\DropIn\Zmq\LibzmqVersion;
use Zroute\Exception\NativeError;

/**
 * libzmq's constants and functions, as ext-zmq has them.
 */
class ZMQ
{
    public const SOCKET_PAIR = 0;
    public const SOCKET_PUB = 1;
    public const SOCKET_SUB = 2;
    public const SOCKET_REQ = 3;
    public const SOCKET_REP = 4;
    public const SOCKET_XREQ = 5;
    public const SOCKET_XREP = 6;
    public const SOCKET_PUSH = 8;
    public const SOCKET_PULL = 7;
    public const SOCKET_DEALER = 5;
    public const SOCKET_ROUTER = 6;
    public const SOCKET_XSUB = 10;
    public const SOCKET_XPUB = 9;
    public const SOCKET_STREAM = 11;
    public const SOCKET_UPSTREAM = 7;
    public const SOCKET_DOWNSTREAM = 8;

    public const POLL_IN = 1;
    public const POLL_OUT = 2;

    public const MODE_SNDMORE = 2;
    public const MODE_NOBLOCK = 1;
    public const MODE_DONTWAIT = 1;

    public const ERR_INTERNAL = -99;
    public const ERR_EAGAIN = 11;
    public const ERR_ENOTSUP = 95;
    public const ERR_EFSM = 156384763;
    public const ERR_ETERM = 156384765;

    public const LIBZMQ_VER = LibzmqVersion::TEXT;
    public const LIBZMQ_VERSION = LibzmqVersion::TEXT;
    public const LIBZMQ_VERSION_ID = LibzmqVersion::ID;
    public const LIBZMQ_VERSION_MAJOR = LibzmqVersion::MAJOR;
    public const LIBZMQ_VERSION_MINOR = LibzmqVersion::MINOR;
    public const LIBZMQ_VERSION_PATCH = LibzmqVersion::PATCH;

    public const SOCKOPT_GSSAPI_PRINCIPAL_NAMETYPE = 90;
    public const SOCKOPT_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE = 91;
    public const SOCKOPT_BINDTODEVICE = 92;
    public const SOCKOPT_HEARTBEAT_IVL = 75;
    public const SOCKOPT_HEARTBEAT_TTL = 76;
    public const SOCKOPT_HEARTBEAT_TIMEOUT = 77;
    public const SOCKOPT_USE_FD = 89;
    public const SOCKOPT_XPUB_MANUAL = 71;
    public const SOCKOPT_XPUB_WELCOME_MSG = 72;
    public const SOCKOPT_STREAM_NOTIFY = 73;
    public const SOCKOPT_INVERT_MATCHING = 74;
    public const SOCKOPT_XPUB_VERBOSER = 78;
    public const SOCKOPT_CONNECT_TIMEOUT = 79;
    public const SOCKOPT_TCP_MAXRT = 80;
    public const SOCKOPT_THREAD_SAFE = 81;
    public const SOCKOPT_MULTICAST_MAXTPDU = 84;
    public const SOCKOPT_VMCI_BUFFER_SIZE = 85;
    public const SOCKOPT_VMCI_BUFFER_MIN_SIZE = 86;
    public const SOCKOPT_VMCI_BUFFER_MAX_SIZE = 87;
    public const SOCKOPT_VMCI_CONNECT_TIMEOUT = 88;
    public const SOCKOPT_TOS = 57;
    public const SOCKOPT_ROUTER_HANDOVER = 56;
    public const SOCKOPT_CONNECT_RID = 61;
    public const SOCKOPT_HANDSHAKE_IVL = 66;
    public const SOCKOPT_SOCKS_PROXY = 68;
    public const SOCKOPT_XPUB_NODROP = 69;
    public const SOCKOPT_ROUTER_MANDATORY = 33;
    public const SOCKOPT_PROBE_ROUTER = 51;
    public const SOCKOPT_REQ_RELAXED = 53;
    public const SOCKOPT_REQ_CORRELATE = 52;
    public const SOCKOPT_CONFLATE = 54;
    public const SOCKOPT_ZAP_DOMAIN = 55;
    public const SOCKOPT_MECHANISM = 43;
    public const SOCKOPT_PLAIN_SERVER = 44;
    public const SOCKOPT_PLAIN_USERNAME = 45;
    public const SOCKOPT_PLAIN_PASSWORD = 46;
    public const SOCKOPT_CURVE_SERVER = 47;
    public const SOCKOPT_CURVE_PUBLICKEY = 48;
    public const SOCKOPT_CURVE_SECRETKEY = 49;
    public const SOCKOPT_CURVE_SERVERKEY = 50;
    public const SOCKOPT_GSSAPI_SERVER = 62;
    public const SOCKOPT_GSSAPI_PLAINTEXT = 65;
    public const SOCKOPT_GSSAPI_PRINCIPAL = 63;
    public const SOCKOPT_GSSAPI_SERVICE_PRINCIPAL = 64;
    public const SOCKOPT_IPV6 = 42;
    public const SOCKOPT_IMMEDIATE = 39;
    public const SOCKOPT_SNDHWM = 23;
    public const SOCKOPT_RCVHWM = 24;
    public const SOCKOPT_MAXMSGSIZE = 22;
    public const SOCKOPT_MULTICAST_HOPS = 25;
    public const SOCKOPT_XPUB_VERBOSE = 40;
    public const SOCKOPT_TCP_KEEPALIVE = 34;
    public const SOCKOPT_TCP_KEEPALIVE_IDLE = 36;
    public const SOCKOPT_TCP_KEEPALIVE_CNT = 35;
    public const SOCKOPT_TCP_KEEPALIVE_INTVL = 37;
    public const SOCKOPT_TCP_ACCEPT_FILTER = 38;
    public const SOCKOPT_LAST_ENDPOINT = 32;
    public const SOCKOPT_ROUTER_RAW = 41;
    public const SOCKOPT_IPV4ONLY = 31;
    public const SOCKOPT_DELAY_ATTACH_ON_CONNECT = 39;
    public const SOCKOPT_HWM = 2001;
    public const SOCKOPT_AFFINITY = 4;
    public const SOCKOPT_IDENTITY = 5;
    public const SOCKOPT_RATE = 8;
    public const SOCKOPT_RECOVERY_IVL = 9;
    public const SOCKOPT_RCVTIMEO = 27;
    public const SOCKOPT_SNDTIMEO = 28;
    public const SOCKOPT_SNDBUF = 11;
    public const SOCKOPT_RCVBUF = 12;
    public const SOCKOPT_LINGER = 17;
    public const SOCKOPT_RECONNECT_IVL = 18;
    public const SOCKOPT_RECONNECT_IVL_MAX = 21;
    public const SOCKOPT_BACKLOG = 19;
    public const SOCKOPT_SUBSCRIBE = 6;
    public const SOCKOPT_UNSUBSCRIBE = 7;
    public const SOCKOPT_TYPE = 16;
    public const SOCKOPT_RCVMORE = 13;
    public const SOCKOPT_FD = 14;
    public const SOCKOPT_EVENTS = 15;

    public const CTXOPT_MAX_SOCKETS = 2;
    public const CTXOPT_MAX_SOCKETS_DEFAULT = 1023;

    public const EVENT_CONNECTED = 1;
    public const EVENT_CONNECT_DELAYED = 2;
    public const EVENT_CONNECT_RETRIED = 4;
    public const EVENT_LISTENING = 8;
    public const EVENT_BIND_FAILED = 16;
    public const EVENT_ACCEPTED = 32;
    public const EVENT_ACCEPT_FAILED = 64;
    public const EVENT_CLOSED = 128;
    public const EVENT_CLOSE_FAILED = 256;
    public const EVENT_DISCONNECTED = 512;
    public const EVENT_MONITOR_STOPPED = 1024;
    public const EVENT_ALL = 65535;

    /** The extension has it where it was built with CZMQ, as Debian's is not. */
    public const CURVE_ALLOW_ANY = '*';

    private function __construct()
    {
    }

    /** @return int milliseconds of a clock that never goes back */
    public static function clock()
    {
        return intdiv(hrtime(true), 1_000_000);
    }

    /** @return string|null null when the length of the data is not to be divided by 4 */
    public static function z85encode(?string $data)
    {
        if ((string) $data === '' || strlen($data) % 4 !== 0) {
            return null;
        }
        $text = HiddenObjects::make(static fn () => Library::native()->z85Encode($data));
        return is_string($text) ? $text : null;
    }

    /** @return string|null null when the text is not Z85 */
    public static function z85decode(?string $data)
    {
        $data = Library::cText((string) $data);
        if ($data === '' || strlen($data) % 5 !== 0) {
            return null;
        }
        $decoded = HiddenObjects::make(static fn () => Library::native()->z85Decode($data));
        return is_string($decoded) ? $decoded : null;
    }

    /** @return array{public_key: string, secret_key: string}|null null when libzmq is built without CURVE */
    public static function curvekeypair()
    {
        try {
            [$public, $secret] = HiddenObjects::make(static fn () => Library::native()->curveKeyPair());
        } catch (NativeError) {
            return null;
        }
        return ['public_key' => $public, 'secret_key' => $secret];
    }
}
