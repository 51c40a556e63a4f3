<?php

declare(strict_types=1);

namespace Zroute;

use Psr\Log\LoggerInterface;
use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\ForkedHandle;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\InvalidValue;
use Zroute\Exception\NativeError;

use function count;
use function getmypid;
use function hrtime;
use function is_array;
use function is_scalar;
use function is_string;
use function min;
use function pcntl_signal_dispatch;

/**
 * Serves PHP functions.
 *
 *     $server = new Zroute\Server(['plus' => fn (array $data) => array_sum($data)]);
 *     $server->bind('tcp://127.0.0.1:5555');
 *     $server->run();
 *
 * One process, one handler at a time. A handler that throws, warns or returns
 * something that cannot travel fails its own call and no other.
 */
final class Server
{
    /** Calls that are taken at once. */
    private const BATCH = 256;
    /** How long to wait before looking for signals again: one may come just before a wait. */
    private const SLICE_MS = 250;
    /** Calls of a quick function between two looks at the clock. */
    private const STRIDE = 8;
    /** Answers go out when calls have taken this long, so that none waits for a slow neighbour. */
    private const TURN_NS = 1_000_000;
    /** Answers go out before a function that took this long the last time: it may take longer now. */
    private const SLOW_NS = 100_000;
    /** No fork is quicker than this; a function that is needs no look at the clock for each call. */
    private const FORK_NS = 10_000;
    /** What the library's own fault is when a server closes; Fault has it not, as no handler may say so. */
    private const SHUTTING_DOWN = -32005;

    private const ROUTE_RAW = -1;
    private const ROUTE_NOT_PLAIN = -2;

    private readonly Native $native;
    private readonly Bridge $bridge;
    private readonly object $handle;
    /** @var array<int, \Closure(mixed): mixed> by route */
    private array $handlers = [];
    /** @var array<int, string> by route */
    private array $names = [];
    private ?\Closure $rawHandler = null;
    private int $endpoints = 0;
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
    /** A turn has begun and not ended. */
    private bool $inTurn = false;
    private readonly int $process;
    private readonly bool $dispatches;
    private bool $stopping = false;
    private bool $watchesShutdown = false;
    private readonly bool $errorDetails;

    /**
     * @param array<string, callable> $functions handlers by name; Handler tells how they get their parameters
     * @param array<string, int|string|bool> $options the native options of docs/php.md (max_message, linger_ms,
     *        curve_secret_key, …), and error_details: whether callers see the class and message of an exception
     *        (default true)
     * @param LoggerInterface|null $logger where failed handlers are reported; null takes error_log()
     * @throws InvalidOption|NativeError
     */
    public function __construct(
        array $functions = [],
        array $options = [],
        private readonly ?LoggerInterface $logger = null,
    ) {
        $details = $options['error_details'] ?? true;
        if (!is_bool($details)) {
            throw new InvalidOption("option 'error_details' is expected to be bool, got " . get_debug_type($details));
        }
        $this->errorDetails = $details;
        unset($options['error_details']);
        $this->process = (int) getmypid();
        $this->dispatches = function_exists('pcntl_signal_dispatch');
        $this->native = Native::get();
        $this->bridge = $this->native->values();
        $this->handle = $this->native->newServer($options);
        try {
            foreach ($functions as $name => $handler) {
                if (!is_callable($handler)) {
                    $got = is_string($handler) ? "'$handler'" : get_debug_type($handler);
                    throw new InvalidOption("the handler of '$name' is expected to be callable, got $got");
                }
                $this->register((string) $name, $handler);
            }
        } catch (\Throwable $e) {
            // PHP destroys nothing whose constructor threw.
            $this->native->freeServer($this->handle);
            throw $e;
        }
    }

    /**
     * Adds a function, or replaces it.
     *
     * @throws InvalidOption when the name is empty or the handler takes references
     */
    public function register(string $name, callable $handler): static
    {
        $closure = Handler::of($handler);
        $route = $this->native->declare($this->handle, $name);
        $this->handlers[$route] = $closure;
        $this->names[$route] = $name;
        return $this;
    }

    /**
     * Sets the handler for messages that are no call: it gets the body as a
     * string and returns the body of the answer.
     *
     * @param callable(string): string $handler
     */
    public function raw(callable $handler): static
    {
        $this->native->declareRaw($this->handle);
        $this->rawHandler = \Closure::fromCallable($handler);
        return $this;
    }

    /**
     * Serves an endpoint; several are fine.
     *
     * @param string $endpoint tcp://127.0.0.1:5555, tcp://127.0.0.1:0 for any free port, ipc:///run/app.sock
     * @return string the endpoint really bound
     * @throws InvalidOption when it is no endpoint
     * @throws ConnectionFailed when it cannot be bound
     */
    public function bind(string $endpoint): string
    {
        $this->native->bind($this->handle, $endpoint);
        return $this->native->endpoint($this->handle, $this->endpoints++);
    }

    /**
     * Serves until stop() is called, by a handler or a signal handler. Calls
     * that were taken and not begun are told -32005.
     *
     * With the pcntl extension, SIGINT and SIGTERM stop it too, after the call
     * that is being served, unless the program handles them itself.
     *
     * @throws ForkedHandle in a child of the process that made the server
     */
    public function run(): void
    {
        $this->stopping = false;
        $signals = $this->catchSignals();
        $this->watchShutdown();
        $outer = $this->inTurn;
        $this->inTurn = true;
        try {
            while (!$this->stopping) {
                $batch = $this->exchange(self::BATCH, self::SLICE_MS);
                if ($batch !== []) {
                    $this->serve($batch);
                } elseif ($this->dispatches) {
                    pcntl_signal_dispatch();
                }
            }
            if ($this->current === null) {
                $this->handInNow();
                $this->drain();
            }
        } finally {
            foreach ($signals as $signal) {
                pcntl_signal($signal, SIG_DFL);
            }
            $this->handInNow();
            $this->inTurn = $outer;
        }
    }

    /** Lets callers go elsewhere; another stop() ends it at once. */
    private function drain(): void
    {
        $this->stopping = false;
        while (!$this->stopping && !$this->native->drainServer($this->handle, self::SLICE_MS)) {
            if ($this->dispatches) {
                pcntl_signal_dispatch();
            }
        }
        $this->stopping = true;
    }

    /**
     * Serves what is here, or waits for it; for programs with a loop of their
     * own. Returns early when a signal arrives.
     *
     * @param int $timeoutMs how long to wait, 0 for not at all
     * @return int how many calls were served
     * @throws ForkedHandle in a child of the process that made the server
     */
    public function step(int $timeoutMs): int
    {
        if ($this->current === null) {
            $this->stopping = false;
        }
        $served = $this->turn(max(0, $timeoutMs));
        $this->handInNow();
        return $served;
    }

    /** Ends run() after the call that is being served. */
    public function stop(): void
    {
        $this->stopping = true;
    }

    /**
     * Reads the file of the option curve_allowed_keys_file again. Clients that
     * are connected stay so.
     *
     * @throws InvalidOption when it cannot be read or is no list of keys; the list is as it was
     */
    public function reloadKeys(): void
    {
        $this->native->reloadKeys($this->handle);
    }

    /**
     * What was counted since the server was made: requests, calls, answers,
     * refused, undeliverable, open, bytes_received, bytes_sent, and faults_* by code.
     *
     * @return array<string, int>
     */
    public function counters(): array
    {
        return $this->native->serverCounters($this->handle);
    }

    /** Hands in the answers, takes a batch and serves it: one native call a turn. */
    private function turn(int $timeoutMs): int
    {
        $this->watchShutdown();
        $outer = $this->inTurn;
        $this->inTurn = true;
        try {
            $batch = $this->exchange(self::BATCH, $timeoutMs);
            return $batch === [] ? 0 : $this->serve($batch);
        } finally {
            $this->inTurn = $outer;
        }
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

    /** Hands in the answers without taking more calls. */
    private function handInNow(): void
    {
        if ($this->answers !== []) {
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
        $now = $begun = hrtime(true);
        $this->flushAt = $begun + self::TURN_NS;
        for ($i = 0, $count = count($batch); $i < $count; $i += 3) {
            [$route, $left, $calls] = [$batch[$i], $batch[$i + 1], $batch[$i + 2]];
            if ($route === self::ROUTE_NOT_PLAIN) {
                foreach ($calls as $token => $_) {
                    $this->answerPlain($token, $this->handedIn[$token] ?? null);
                }
                continue;
            }
            // min() also because a product that does not fit would be a float.
            $deadline = $left < 0 ? PHP_INT_MAX : min(PHP_INT_MAX, $begun + $left * 1_000_000);
            $now = $this->serveFunction($route, $calls, $deadline, $now);
            $served += count($calls);
        }
        return $served;
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
    private function serveFunction(int $route, array $calls, int $deadline, int $now): int
    {
        $handler = $route === self::ROUTE_RAW ? $this->answerRaw(...) : $this->handlers[$route];
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
                $this->fail($token, self::SHUTTING_DOWN, 'ShuttingDown', 'the server shuts down');
                continue;
            }
            if ($now > $deadline) {
                $this->fail($token, Fault::DEADLINE, 'DeadlineExceeded', 'the deadline passed while the call waited');
                continue;
            }
            $this->current = $token;
            try {
                $answer = $handler($parameters);
                $told = is_scalar($answer) || is_array($answer) || $answer === null;
                $this->answers[$token] = $told ? $answer : Plain::of($answer);
            } catch (\Throwable $e) {
                $this->report($token, $route, $e);
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
        if ($now > $this->flushAt) {
            $this->handInNow();
            $this->flushAt = $now + self::TURN_NS;
        }
        return $now;
    }

    private function answerRaw(string $body): string
    {
        $answer = ($this->rawHandler)($body);
        if (!is_string($answer)) {
            throw new InvalidValue("a raw handler's answer is expected to be a string, got " . get_debug_type($answer));
        }
        return $answer;
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
            $this->log('an answer cannot be sent', $e);
            $this->fail($token, Fault::HANDLER, $this->nameOf($e), $this->messageOf($e));
        }
    }

    /** Tells the caller why its handler failed, and the log unless the handler meant it. */
    private function report(int $token, int $route, \Throwable $e): void
    {
        if ($e instanceof Fault) {
            $this->fail($token, $e->getCode(), $e->name, $e->getMessage());
        } elseif ($e instanceof \TypeError && Handler::isMismatch($e)) {
            // Where it was called from is nobody's business.
            $message = (string) preg_replace('/, (called|\d+ passed) in .+ on line \d+/', '', $e->getMessage());
            $this->fail($token, Fault::PARAMETERS, 'InvalidParameters', $message);
        } else {
            $this->log(($this->names[$route] ?? 'the raw handler') . ' failed', $e);
            $this->fail($token, Fault::HANDLER, $this->nameOf($e), $this->messageOf($e));
        }
    }

    private function nameOf(\Throwable $e): string
    {
        return $this->errorDetails ? strtok($e::class, "\0") ?: 'Error' : 'HandlerFailed';
    }

    private function messageOf(\Throwable $e): string
    {
        return $this->errorDetails ? $e->getMessage() : 'the handler failed';
    }

    private function log(string $what, \Throwable $e): void
    {
        if ($this->logger !== null) {
            $this->logger->error("zroute: $what", ['exception' => $e]);
        } else {
            $line = sprintf(
                'zroute: %s: %s: %s in %s:%d',
                $what,
                $e::class,
                $e->getMessage(),
                $e->getFile(),
                $e->getLine()
            );
            // error_log() ends at a NUL, and the name of an anonymous class has one.
            error_log(str_replace("\0", ' ', $line));
        }
    }

    /** A call that has ended meanwhile, or is another process's, needs no fault. */
    private function fail(int $token, int $code, string $name, string $message): void
    {
        $this->native->fail($this->handle, $token, $code, $name, $message);
    }

    /** @return list<int> the signals that were caught, to be let go again */
    private function catchSignals(): array
    {
        if (!function_exists('pcntl_signal')) {
            return [];
        }
        $caught = [];
        foreach ([SIGINT, SIGTERM] as $signal) {
            if (pcntl_signal_get_handler($signal) === SIG_DFL) {
                pcntl_signal($signal, $this->stop(...), false);
                $caught[] = $signal;
            }
        }
        return $caught;
    }

    /**
     * exit() in a handler, or the end of its memory, must not leave callers
     * without a word.
     */
    private function watchShutdown(): void
    {
        if ($this->watchesShutdown) {
            return;
        }
        $this->watchesShutdown = true;
        $server = \WeakReference::create($this);
        register_shutdown_function(static function () use ($server): void {
            $server->get()?->shutDown();
        });
    }

    private function shutDown(): void
    {
        if (!$this->inTurn) {
            return;
        }
        $this->inTurn = false;
        foreach ([...array_keys($this->outer), ...(array) $this->current] as $begun) {
            $this->fail($begun, Fault::HANDLER, 'HandlerFailed', 'the handler ended the process');
        }
        $this->current = null;
        $this->outer = [];
        try {
            $this->handInNow();
        } catch (\Throwable) {
            // A forked child: all of this is its parent's.
        }
        // The others of the batch are told that they were not begun.
        $this->native->endServer($this->handle);
    }

    public function __destruct()
    {
        // Reflection and unserialize() go past the constructor.
        if (isset($this->handle)) {
            $this->native->freeServer($this->handle);
        }
    }

    private function __clone()
    {
    }

    /** @return array<never> */
    public function __serialize(): array
    {
        throw new \LogicException('a server cannot be serialized');
    }
}
