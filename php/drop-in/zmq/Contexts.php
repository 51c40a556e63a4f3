<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

use Zroute\Status;

/**
 * The contexts of this process, and which of them are one and the same.
 *
 * @internal
 */
final class Contexts
{
    /** @var array<int, int> persistent ones by their number of threads */
    private static array $persistent = [];
    private static int $acquired = 0;
    /** @var array<int, int> how many sockets each has, as the extension counts */
    private static array $socketCounts = [];
    /** @var array<int, int> the longest linger that the program has set in each, -1 for one without end */
    private static array $lingers = [];
    /** @var array<int, array{int, bool, bool}> what the objects are, by their numbers: see join() */
    private static array $objects = [];
    private static int $pid = 0;

    /** @return int|null null when there can be none of so few threads */
    public static function open(int $threads, bool $persistent): ?int
    {
        self::noticeFork();
        if ($persistent && isset(self::$persistent[$threads])) {
            return self::$persistent[$threads];
        }
        $context = self::start($threads);
        if ($context !== null && $persistent) {
            self::$persistent[$threads] = $context;
        }
        return $context;
    }

    public static function acquire(): int
    {
        self::noticeFork();
        return self::$acquired ?: self::$acquired = (int) self::start(1);
    }

    private static function start(int $threads): ?int
    {
        $native = Library::native();
        $context = $native->newContext();
        if ($native->setContext($context, 'ZMQ_IO_THREADS', $threads) !== Status::OK) {
            $native->freeContext($context);
            return null;
        }
        self::$socketCounts[$context] = 0;
        return $context;
    }

    /**
     * Says what an object stands for. Not in its properties, which programs see.
     *
     * @param bool $isAcquired whether it is that of acquire()
     */
    public static function join(\ZMQContext $object, int $context, bool $isPersistent, bool $isAcquired): void
    {
        self::$objects[spl_object_id($object)] = [$context, $isPersistent, $isAcquired];
    }

    /** The object ends, and with it the context, if it is its own. */
    public static function leave(\ZMQContext $object): void
    {
        if (Ending::hasBegun()) {
            return;
        }
        $id = spl_object_id($object);
        [$context, $isPersistent] = self::$objects[$id] ?? [0, true];
        unset(self::$objects[$id]);
        if (!$isPersistent) {
            self::finish($context);
        }
    }

    /** Its number in the native library, 0 when its constructor has not got that far. */
    public static function of(\ZMQContext $object): int
    {
        return self::$objects[spl_object_id($object)][0] ?? 0;
    }

    public static function isPersistent(\ZMQContext $object): bool
    {
        return self::$objects[spl_object_id($object)][1] ?? false;
    }

    public static function isAcquired(\ZMQContext $object): bool
    {
        return self::$objects[spl_object_id($object)][2] ?? false;
    }

    public static function socketCount(int $context): int
    {
        return self::$socketCounts[$context] ?? 0;
    }

    public static function countSocket(int $context, int $by): void
    {
        if (isset(self::$socketCounts[$context])) {
            self::$socketCounts[$context] += $by;
        }
    }

    /** Remembers a linger that the program has asked for: it will be kept. */
    public static function noteLinger(int $context, int $ms): void
    {
        $longest = self::$lingers[$context] ?? 0;
        self::$lingers[$context] = $ms < 0 || $longest < 0 ? -1 : max($ms, $longest);
    }

    /** @return bool false when the time was up before all had left */
    public static function finish(int $context): bool
    {
        do {
            $status = Library::native()->freeContext($context);
        } while ($status === Status::INTERRUPTED);
        unset(self::$socketCounts[$context], self::$lingers[$context]);
        return $status !== Status::TIMEOUT;
    }

    /**
     * Ends all that are left.
     *
     * @param int $waitMs how long those wait in all whose linger the program has not set; -1 for without end
     * @return bool false when some gave up
     */
    public static function finishAll(int $waitMs): bool
    {
        if (self::$pid !== getmypid()) {
            return true;
        }
        $start = hrtime(true);
        $complete = true;
        foreach (array_keys(self::$socketCounts) as $context) {
            if ($waitMs >= 0) {
                $wait = max(0, $waitMs - intdiv(hrtime(true) - $start, 1_000_000));
                $linger = self::$lingers[$context] ?? 0;
                Library::native()->setContext($context, 'wait_ms', $linger < 0 ? -1 : max($wait, $linger));
            }
            $complete = self::finish($context) && $complete;
        }
        self::$persistent = [];
        self::$acquired = 0;
        return $complete;
    }

    /** In a forked child those of its parent are none. */
    public static function noticeFork(): void
    {
        $pid = (int) getmypid();
        if (self::$pid !== $pid) {
            self::$pid = $pid;
            self::$persistent = self::$socketCounts = self::$lingers = [];
            self::$acquired = 0;
            Sockets::forget();
            Authentication::forget();
        }
    }
}
