<?php

declare(strict_types=1);

namespace Zroute\Server;

use Zroute\Bridge;
use Zroute\Exception\InvalidValue;
use Zroute\Native;
use Zroute\Plain;
use Zroute\Status;

use function count;
use function getmypid;
use function hrtime;
use function is_array;
use function is_scalar;
use function is_string;
use function min;
use function ob_get_level;
use function pcntl_signal_dispatch;

/**
 * Takes calls in batches, runs their handlers and hands the answers in: one
 * native call a turn.
 *
 * @internal
 */
final class Loop
{
    /** Calls that are taken at once. */
    private const BATCH = 256;
    /** Calls of a quick function between two looks at the clock. */
    private const STRIDE = 8;
    /** Answers go out when calls have taken this long, so that none waits for a slow neighbour. */
    private const TURN_NS = 1_000_000;
    /** Answers go out before a function that took this long the last time: it may take longer now. */
    private const SLOW_NS = 100_000;
    /** No fork is quicker than this; a function that is needs no look at the clock for each call. */
    private const FORK_NS = 10_000;

    private const ROUTE_RAW = -1;
    private const ROUTE_ROOM = -3;
    private const ROUTE_GONE = -4;

    private readonly Bridge $bridge;
    private readonly Streams $streams;
    private readonly int $process;
    private readonly bool $dispatches;
    /** @var array<int, Chain|\Closure(mixed): mixed> by route */
    private array $handlers = [];
    /** @var array<int, string> by route */
    private array $names = [self::ROUTE_RAW => 'the raw handler'];
    private ?Board $board = null;
    /** @var array<int, mixed> answers by token that were not handed in yet */
    private array $answers = [];
    /** @var array<int, mixed> the answers handed in last, should one be refused */
    private array $handedIn = [];
    /** @var array<int, int> how many nanoseconds the latest calls of a function took, by route */
    private array $lasted = [];
    /** When answers go out, in hrtime's nanoseconds. */
    private int $flushAt = 0;
    /** The call whose handler runs, or null. */
    private ?int $current = null;
    /** @var array<int, true> calls whose handlers wait for turns that they began themselves */
    private array $outer = [];
    /** Output buffers that are not the handlers'. */
    private int $buffers = 0;
    /** A turn has begun and not ended. */
    private bool $inTurn = false;
    private bool $stopping = false;

    public function __construct(
        private readonly Native $native,
        private readonly object $handle,
        private readonly Failures $failures,
    ) {
        $this->bridge = $native->values();
        $this->streams = new Streams($native, $handle, $failures);
        $this->process = (int) getmypid();
        $this->dispatches = function_exists('pcntl_signal_dispatch');
    }

    /**
     * Sets what serves a route: a chain, if its calls come with all that is known of them. Calls that were taken
     * already still go to the one before.
     */
    public function route(int $route, string $name, Chain|\Closure $handler): void
    {
        $this->handlers[$route] = $handler;
        $this->names[$route] = $name;
    }

    /** @param \Closure(string): string $handler */
    public function raw(\Closure $handler): void
    {
        $this->handlers[self::ROUTE_RAW] = static function (string $body) use ($handler): string {
            $answer = $handler($body);
            if (!is_string($answer)) {
                $got = get_debug_type($answer);
                throw new InvalidValue("a raw handler's answer is expected to be a string, got $got");
            }
            return $answer;
        };
    }

    /** From now on every call is noted there before its handler begins. */
    public function watchedBy(Board $board): void
    {
        $this->board = $board;
    }

    /** Serves until stop(), also one from before, looking for signals that often. */
    public function run(int $sliceMs): void
    {
        [$outer, $buffers] = [$this->inTurn, $this->buffers];
        $this->inTurn = true;
        $this->buffers = ob_get_level();
        try {
            // Looked at in every turn, so that nothing is called or looked up for it.
            $ready = &$this->streams->ready;
            while (!$this->stopping) {
                $batch = $this->exchange(self::BATCH, $ready ? 0 : $sliceMs);
                if ($batch !== []) {
                    $this->serve($batch);
                } elseif ($this->dispatches) {
                    pcntl_signal_dispatch();
                }
                if ($ready) {
                    $this->advance();
                }
            }
            if ($this->current === null) {
                $this->streams->stop();
                $this->handInNow();
                $this->drain($sliceMs);
            }
        } finally {
            $this->handInNow();
            [$this->inTurn, $this->buffers] = [$outer, $buffers];
        }
    }

    /** Lets callers go elsewhere; another stop() ends it at once. */
    private function drain(int $sliceMs): void
    {
        $this->stopping = false;
        while (!$this->stopping && !$this->native->drainServer($this->handle, $sliceMs)) {
            if ($this->dispatches) {
                pcntl_signal_dispatch();
            }
        }
        $this->stopping = true;
    }

    /**
     * Serves what is here, or comes in time.
     *
     * @return int how many calls were served
     */
    public function step(int $timeoutMs): int
    {
        if ($this->current === null) {
            $this->stopping = false;
        }
        [$outer, $buffers] = [$this->inTurn, $this->buffers];
        $this->inTurn = true;
        $this->buffers = ob_get_level();
        try {
            $batch = $this->exchange(self::BATCH, $this->streams->ready !== [] ? 0 : $timeoutMs);
            $served = $batch === [] ? 0 : $this->serve($batch);
            if ($this->streams->ready !== []) {
                $this->advance();
                $this->handInNow(true);
            }
        } finally {
            [$this->inTurn, $this->buffers] = [$outer, $buffers];
        }
        $this->handInNow();
        return $served;
    }

    /** Forgets a stop(). */
    public function resume(): void
    {
        $this->stopping = false;
    }

    public function stop(): void
    {
        $this->stopping = true;
    }

    /**
     * The process ends. If that is in the middle of a turn, the callers of the
     * handlers that run are told so, and what was answered goes out.
     *
     * @return bool whether it was
     */
    public function abandon(): bool
    {
        if (!$this->inTurn) {
            return false;
        }
        $this->inTurn = false;
        $handlers = [...array_keys($this->outer), ...(array) $this->current];
        foreach ([...$handlers, ...$this->streams->tokens()] as $begun) {
            $this->failures->processEnded($begun);
        }
        $this->current = null;
        $this->outer = [];
        try {
            $this->handInNow();
        } catch (\Throwable) {
            // A forked child: all of this is its parent's.
        }
        return true;
    }

    /** @return list<mixed> a batch, or nothing when nothing came */
    private function exchange(int $most, int $timeoutMs): array
    {
        $this->handedIn = $this->answers;
        $this->answers = [];
        $batch = $this->bridge->serverExchange($this->handle, $this->handedIn, $most, $timeoutMs);
        if ($batch === null) {
            if ($this->dispatches) {
                pcntl_signal_dispatch();
            }
            return [];
        }
        return $batch;
    }

    /** Lets generators give some items, for none of which an answer waits. */
    private function advance(): void
    {
        $this->handInNow();
        $this->streams->advance();
    }

    /**
     * Hands in the answers without taking more calls.
     *
     * @param bool $always also if there are none: items of streams go out too
     */
    private function handInNow(bool $always = false): void
    {
        if ($always || $this->answers !== []) {
            $refused = $this->exchange(0, 0);
            if ($refused !== []) {
                $this->serve($refused);
            }
        }
    }

    /**
     * Runs the handlers of a batch.
     *
     * @param list<mixed> $batch a route, the milliseconds left, and the parameters by token; and so on
     * @return int how many calls were served
     */
    private function serve(array $batch): int
    {
        $served = 0;
        // A handler that is replaced meanwhile may want its calls in another shape than these have.
        $handlers = $this->handlers;
        $now = $begun = hrtime(true);
        $this->flushAt = $begun + self::TURN_NS;
        for ($i = 0, $count = count($batch); $i < $count; $i += 3) {
            [$route, $left, $calls] = [$batch[$i], $batch[$i + 1], $batch[$i + 2]];
            if ($route < self::ROUTE_RAW) {
                $this->note($route, $calls);
                continue;
            }
            // min() also because a product that does not fit would be a float.
            $deadline = $left < 0 ? PHP_INT_MAX : min(PHP_INT_MAX, $begun + $left * 1_000_000);
            $handler = $handlers[$route];
            if ($handler instanceof Chain) {
                $handler = $handler->until($deadline);
            }
            $now = $this->serveFunction($route, $handler, $calls, $deadline, $now);
            $served += count($calls);
        }
        $this->board?->ended();
        return $served;
    }

    /**
     * What the batch tells of calls that were taken before.
     *
     * @param array<int, mixed> $calls by token
     */
    private function note(int $route, array $calls): void
    {
        foreach ($calls as $token => $value) {
            match ($route) {
                Bridge::ROUTE_NOT_PLAIN => $this->answerPlain($token, $this->handedIn[$token] ?? null),
                self::ROUTE_ROOM => $this->streams->resume($token, $value),
                self::ROUTE_GONE => $this->streams->callerHasGone($token),
            };
        }
    }

    /**
     * Runs the handler of one function for calls that came in a row.
     *
     * Answers do not wait for a slow call behind them: they go out before a
     * function that is new or was not quick the last time, and whenever a turn
     * gets long.
     *
     * @param array<int, mixed> $calls parameters by token
     * @param int $deadline when their callers give up, in hrtime's nanoseconds
     * @return int the time when they were done
     */
    private function serveFunction(int $route, \Closure $handler, array $calls, int $deadline, int $now): int
    {
        $board = $this->board;
        $outer = $this->current;
        if ($outer !== null) {
            $this->outer[$outer] = true;
        }
        $lasted = $this->lasted[$route] ?? PHP_INT_MAX;
        if ($lasted > self::SLOW_NS) {
            $this->handInNow();
        }
        $stride = $lasted < self::FORK_NS ? self::STRIDE : 1;
        $unclocked = 0;
        foreach ($calls as $token => $parameters) {
            if ($this->stopping) {
                $this->failures->shuttingDown($token);
                continue;
            }
            if ($now > $deadline) {
                $this->failures->tooLate($token);
                continue;
            }
            if ($board !== null && !$board->begin($token)) {
                $this->failures->takenBack($token);
                continue;
            }
            $this->current = $token;
            try {
                $answer = $handler($parameters);
                if (is_scalar($answer) || is_array($answer) || $answer === null) {
                    $this->answers[$token] = $answer;
                } elseif ($answer instanceof \Generator && $route !== self::ROUTE_RAW) {
                    $this->streams->add($token, $this->names[$route], $answer);
                } else {
                    $this->answers[$token] = Plain::of($answer);
                }
            } catch (\Throwable $e) {
                $this->failures->thrown($token, $this->names[$route], $e);
            }
            $this->current = $outer;
            if (++$unclocked === $stride) {
                $now = $this->clock($route, $now);
                $unclocked = 0;
            }
        }
        if ($outer !== null) {
            unset($this->outer[$outer]);
        }
        return $unclocked === 0 ? $now : $this->clock($route, $now);
    }

    /**
     * Notes how long the latest calls of a function took, and does what is due
     * between calls.
     *
     * @return int the time
     */
    private function clock(int $route, int $before): int
    {
        $now = hrtime(true);
        $this->lasted[$route] = $now - $before;
        if ($now - $before > self::FORK_NS && getmypid() !== $this->process) {
            // The handler forked and came back in the child too. The other calls are the parent's:
            // this throws ForkedHandle.
            $this->exchange(0, 0);
        }
        if ($this->dispatches) {
            pcntl_signal_dispatch();
        }
        if (ob_get_level() > $this->buffers) {
            $this->endBuffers($route);
        }
        if ($now > $this->flushAt) {
            $this->handInNow();
            $this->flushAt = $now + self::TURN_NS;
        }
        return $now;
    }

    /** Prints what is in output buffers that a handler has left open: the calls that follow are not to fill them. */
    private function endBuffers(int $route): void
    {
        for ($level = ob_get_level(); $level > $this->buffers; $level--) {
            try {
                // One that says that it cannot be ended stays.
                @ob_end_flush();
            } catch (\Throwable $e) {
                $this->failures->late("an output buffer of {$this->names[$route]} cannot be ended", $e);
            }
        }
    }

    /** Answers with a value that the native library wants looked at. */
    private function answerPlain(int $token, mixed $answer): void
    {
        try {
            $status = $this->bridge->answer($this->handle, $token, Plain::of($answer));
            if ($status !== Status::OK && $status !== Status::UNKNOWN_CALL) {
                throw new InvalidValue($this->native->lastError());
            }
        } catch (\Throwable $e) {
            $this->failures->unexpected($token, 'an answer cannot be sent', $e);
        }
    }
}
