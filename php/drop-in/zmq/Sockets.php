<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

use Zroute\DropIn\HiddenObjects;
use Zroute\Status;

/**
 * The sockets of this process. Several objects may be one persistent socket,
 * which is why what belongs to it is here.
 *
 * @internal
 */
final class Sockets
{
    private const TYPES = [
        'ZMQ_PAIR', 'ZMQ_PUB', 'ZMQ_SUB', 'ZMQ_REQ', 'ZMQ_REP', 'ZMQ_DEALER', 'ZMQ_ROUTER', 'ZMQ_PULL', 'ZMQ_PUSH',
        'ZMQ_XPUB', 'ZMQ_XSUB', 'ZMQ_STREAM',
    ];
    private const EINVAL = 22;

    /** @var array<string, int> by type, whether their context is that of acquire(), and id */
    private static array $persistent = [];
    /** @var array<int, array{context: int, type: int, connect: array<string, true>, bind: array<string, true>}> */
    private static array $open = [];

    /** @var array<int, int> what the objects are, by their numbers */
    private static array $objects = [];

    /** @var \WeakMap<\ZMQSocket, int>|null objects that close their socket when they end */
    private static ?\WeakMap $owners = null;

    /** @var array{int, bool}|null what prepare() has got for the object that is made next */
    private static ?array $prepared = null;

    public static function join(\ZMQSocket $object, int $socket): void
    {
        self::$objects[spl_object_id($object)] = $socket;
        self::$owners ??= HiddenObjects::make(static fn (): \WeakMap => new \WeakMap());
        self::$owners[$object] = $socket;
    }

    public static function leave(\ZMQSocket $object): void
    {
        unset(self::$objects[spl_object_id($object)], self::$owners[$object]);
    }

    /** Closes those whose object is gone without a word: its class has a destructor of its own. */
    private static function closeOrphans(): void
    {
        $owned = array_flip(self::$persistent);
        foreach (self::$owners ?? [] as $socket) {
            $owned[$socket] = true;
        }
        foreach (array_diff_key(self::$open, $owned) as $socket => $_) {
            self::close($socket);
        }
    }

    /** Its number in the native library, 0 when its constructor has not got that far. */
    public static function of(\ZMQSocket $object): int
    {
        return self::$objects[spl_object_id($object)] ?? 0;
    }

    /** @throws \ZMQSocketException */
    public static function prepare(\ZMQContext $context, int $type, ?string $id): void
    {
        self::$prepared = self::request($context, $type, $id);
    }

    /**
     * @return array{int, bool} the socket, and whether it is new
     * @throws \ZMQSocketException
     */
    public static function request(\ZMQContext $context, int $type, ?string $id): array
    {
        if (self::$prepared !== null) {
            [$request, self::$prepared] = [self::$prepared, null];
            return $request;
        }
        $known = self::isPersistent($context, $id) ? self::$persistent[self::key($context, $type, $id)] ?? 0 : 0;
        return $known !== 0 ? [$known, false] : [self::open(Contexts::of($context), $type), true];
    }

    /**
     * Remembers a socket for the next that asks for it.
     *
     * @return string|null its persistent id
     */
    public static function keep(\ZMQSocket $object, \ZMQContext $context, ?string $id): ?string
    {
        if (!self::isPersistent($context, $id)) {
            return null;
        }
        $socket = self::of($object);
        unset(self::$owners[$object]);
        self::$persistent[self::key($context, self::type($socket), $id)] = $socket;
        return Library::cText($id);
    }

    private static function isPersistent(\ZMQContext $context, ?string $id): bool
    {
        return $id !== null && $id !== '' && Contexts::isPersistent($context);
    }

    private static function key(\ZMQContext $context, int $type, string $id): string
    {
        return "$type " . (int) Contexts::isAcquired($context) . ' ' . Library::cText($id);
    }

    /** @throws \ZMQSocketException */
    private static function open(int $context, int $type): int
    {
        if (self::$owners !== null && count(self::$owners) < count(self::$open) - count(self::$persistent)) {
            self::closeOrphans();
        }
        $what = 'Error creating socket';
        if (!isset(self::TYPES[$type])) {
            $why = Library::native()->errorNumberText(self::EINVAL);
            throw Failure::make(\ZMQSocketException::class, "$what: $why", self::EINVAL);
        }
        $status = Library::native()->newSocket($context, self::TYPES[$type], $socket);
        if ($status !== Status::OK) {
            throw Failure::ofStatus(\ZMQSocketException::class, $what, $status);
        }
        self::$open[$socket] = ['context' => $context, 'type' => $type, 'connect' => [], 'bind' => []];
        Contexts::countSocket($context, 1);
        Frames::open($socket);
        return $socket;
    }

    public static function close(int $socket): void
    {
        Frames::close($socket);
        Library::native()->freeSocket($socket);
        if (isset(self::$open[$socket])) {
            Contexts::countSocket(self::$open[$socket]['context'], -1);
            unset(self::$open[$socket]);
        }
    }

    public static function finishAll(): void
    {
        foreach (array_keys(self::$open) as $socket) {
            self::close($socket);
        }
        self::$persistent = [];
    }

    public static function forget(): void
    {
        self::$persistent = self::$open = [];
    }

    public static function type(int $socket): int
    {
        return self::$open[$socket]['type'] ?? -1;
    }

    public static function context(int $socket): int
    {
        return self::$open[$socket]['context'] ?? 0;
    }

    /** @param 'bind'|'connect' $way */
    public static function has(int $socket, string $way, string $endpoint): bool
    {
        return isset(self::$open[$socket][$way][$endpoint]);
    }

    /** @param 'bind'|'connect' $way */
    public static function add(int $socket, string $way, string $endpoint): void
    {
        self::$open[$socket][$way][$endpoint] = true;
    }

    /** @param 'bind'|'connect' $way */
    public static function remove(int $socket, string $way, string $endpoint): void
    {
        unset(self::$open[$socket][$way][$endpoint]);
    }

    /** @return array{connect: list<string>, bind: list<string>} */
    public static function endpoints(int $socket): array
    {
        return [
            'connect' => array_map(strval(...), array_keys(self::$open[$socket]['connect'] ?? [])),
            'bind' => array_map(strval(...), array_keys(self::$open[$socket]['bind'] ?? [])),
        ];
    }
}
