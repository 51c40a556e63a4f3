<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\ForkedHandle;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\InvalidState;
use Zroute\Exception\NativeError;
use Zroute\Exception\SocketClosed;
use Zroute\Exception\Timeout;
use Zroute\Socket\Context;

use function is_int;
use function is_string;

/**
 * What ZeroMQ's plain sockets have in common; the classes of the folder
 * Socket/ are its types.
 *
 *     $pull = new Zroute\Socket\Pull(connect: 'tcp://127.0.0.1:5555');
 *     foreach ($pull as $message) {
 *         echo $message, "\n";
 *     }
 *
 * A socket belongs to the thread and to the process that made it.
 */
abstract class Socket
{
    /** libzmq's name of the type. */
    protected const TYPE = '';

    protected const DONT_WAIT = 1;
    /** A flag of $direct: a whole message, a list if it has more frames than one. */
    protected const WHOLE = 4;
    protected const READABLE = 1;
    protected const WRITABLE = 2;

    /** How long to wait before looking for signals again: one may come just before a wait. */
    private const SLICE_MS = 250;

    private const RECEIVE_TIMEOUT = 'ZMQ_RCVTIMEO';
    private const SEND_TIMEOUT = 'ZMQ_SNDTIMEO';
    private const DEFAULTS = ['ZMQ_LINGER' => 1000];

    protected readonly Native $native;
    private readonly Context $context;
    /** null once it is closed: `$this->handle ?? $this->handle()` is the quick way to it. */
    protected ?int $handle = null;
    /** Sends and receives without a call, as Native::frames() says; null where that cannot be. */
    protected ?object $direct = null;
    private string $bound = '';
    /** @var array<string, string> that it is bound or connected to, for messages */
    private array $endpoints = [];
    /** @var array<string, int> what a call waits that says nothing itself, -1 for ever */
    private array $timeouts = [self::RECEIVE_TIMEOUT => -1, self::SEND_TIMEOUT => -1];
    /** Set by stop(). */
    private bool $stopping = false;
    /** Whether it is a loop of each() that waits. */
    private bool $looping = false;

    /**
     * @param string|list<string> $connect endpoints to connect to: tcp://127.0.0.1:5555, ipc:///run/a.sock, inproc://x
     * @param string|list<string> $bind endpoints to bind: the same, and tcp://*:5555, tcp://127.0.0.1:*
     * @param array<string, int|bool|string> $options by libzmq's names: ZMQ_RCVHWM, ZMQ_LINGER, …
     * @param Context|null $context null for the process's own
     * @throws InvalidOption|ConnectionFailed|NativeError
     */
    public function __construct(
        string|array $connect = [],
        string|array $bind = [],
        array $options = [],
        ?Context $context = null,
    ) {
        $this->native = Native::get();
        $this->context = $context ?? Context::default();
        $this->check($this->native->newSocket($this->context->handle(), static::TYPE, $handle));
        $this->handle = $handle;
        $this->direct = $this->native->frames($handle, true);
        try {
            foreach ($options + self::DEFAULTS as $name => $value) {
                $this->setOption((string) $name, $value);
            }
            $this->prepare();
            foreach ((array) $bind as $endpoint) {
                $this->bind($endpoint);
            }
            foreach ((array) $connect as $endpoint) {
                $this->connect($endpoint);
            }
        } catch (\Throwable $e) {
            // PHP destroys nothing whose constructor threw.
            $this->close();
            throw $e;
        }
    }

    /** What a type does between its options and its endpoints. */
    protected function prepare(): void
    {
    }

    /**
     * @return string the endpoint really bound: a * has become an address or a port
     * @throws InvalidOption when it is no endpoint
     * @throws ConnectionFailed when it cannot be bound
     */
    public function bind(string $endpoint): string
    {
        $this->checkEndpoint($this->native->bindSocket($this->handle(), $endpoint));
        $this->bound = (string) $this->option('ZMQ_LAST_ENDPOINT');
        $this->endpoints[$endpoint] = $this->bound;
        return $this->bound;
    }

    /**
     * Connects in the background: the other end may come later, and come again.
     *
     * @throws InvalidOption when it is no endpoint
     * @throws ConnectionFailed when nothing can be connected to it
     */
    public function connect(string $endpoint): static
    {
        $this->checkEndpoint($this->native->connectSocket($this->handle(), $endpoint));
        $this->endpoints[$endpoint] = $endpoint;
        return $this;
    }

    /** @param string $endpoint as it was really bound */
    public function unbind(string $endpoint): static
    {
        $this->check($this->native->unbindSocket($this->handle(), $endpoint));
        $this->endpoints = array_diff($this->endpoints, [$endpoint]);
        return $this;
    }

    /** Ends a connection; what was not sent to it yet is gone. */
    public function disconnect(string $endpoint): static
    {
        $this->check($this->native->disconnectSocket($this->handle(), $endpoint));
        unset($this->endpoints[$endpoint]);
        return $this;
    }

    /** The endpoint that was really bound last, '' before. */
    public function endpoint(): string
    {
        return $this->bound;
    }

    /**
     * Sets an option; most want it before bind() and connect(), so rather give
     * it to the constructor.
     *
     * @param string $name by libzmq, such as ZMQ_SNDHWM; times are milliseconds
     * @throws InvalidOption
     */
    public function setOption(string $name, int|bool|string $value): static
    {
        $this->check(
            is_string($value)
                ? $this->native->setSocketBytes($this->handle(), $name, $value)
                : $this->native->setSocketInteger($this->handle(), $name, (int) $value)
        );
        if (isset($this->timeouts[$name])) {
            $this->timeouts[$name] = (int) $value;
        }
        return $this;
    }

    /**
     * @param string $name by libzmq, such as ZMQ_SNDHWM
     * @throws InvalidOption
     */
    public function option(string $name): int|string
    {
        $status = $this->native->getSocketInteger($this->handle(), $name, $value);
        if ($status !== Status::BAD_OPTION) {
            $this->check($status);
            return $value;
        }
        $value = $this->native->getSocketBytes($this->handle(), $name);
        return is_string($value) ? $value : throw $this->failure($value);
    }

    /**
     * Returns at once, and ends the socket's loops. What was sent and is still
     * on its way has ZMQ_LINGER milliseconds left, in the background: the process
     * waits for it at its end.
     */
    public function close(): void
    {
        if ($this->handle !== null) {
            $this->native->freeSocket($this->handle);
            $this->handle = $this->direct = null;
        }
    }

    /** @internal */
    public function context(): Context
    {
        return $this->context;
    }

    /**
     * @internal
     * @throws SocketClosed
     */
    public function handle(): int
    {
        return $this->handle ?? throw new SocketClosed("{$this->describe()} was closed; make a new one");
    }

    /** Ends the loop over the socket when its turn or its wait is over, or the next loop: it may not have begun yet. */
    protected function stopLoop(): void
    {
        $this->stopping = true;
    }

    /**
     * Whether it is ready, now or within some time.
     *
     * @param int $event READABLE or WRITABLE
     */
    protected function isReady(int $event, int $timeoutMs): bool
    {
        try {
            $try = fn (): string|int => $this->native->waitForSocket($this->handle(), $event, 0) ?: 'ready';
            return $this->within($timeoutMs, $event, $try) === 'ready';
        } catch (Timeout) {
            return false;
        }
    }

    /**
     * Calls until it is done.
     *
     * @template T of string|array
     * @param int|null $timeoutMs -1 for ever; null for what the options say
     * @param int $event what to wait for: READABLE or WRITABLE
     * @param \Closure(): (T|int) $try it does not wait; an int is a status
     * @return T|int the status is OK
     * @throws Timeout|SocketClosed|InvalidState|InvalidOption|ForkedHandle
     */
    protected function within(?int $timeoutMs, int $event, \Closure $try): string|array|int
    {
        $result = $try();
        if (!is_int($result) || $result === Status::OK) {
            return $result;
        }
        $timeoutMs ??= $this->timeouts[$event === self::READABLE ? self::RECEIVE_TIMEOUT : self::SEND_TIMEOUT];
        self::checkTimeout($timeoutMs);
        // min() because a sum that does not fit would be a float.
        $deadline = $timeoutMs < 0 ? PHP_INT_MAX : min(PHP_INT_MAX, hrtime(true) + $timeoutMs * 1_000_000);
        while (is_int($result) && $result !== Status::OK) {
            if ($result !== Status::TIMEOUT && $result !== Status::INTERRUPTED) {
                throw $this->failure($result, $event);
            }
            if ($this->looping && $this->stopping) {
                throw new SocketClosed('the loop was stopped');
            }
            $left = $deadline - hrtime(true);
            if ($left <= 0) {
                throw new Timeout($this->inVain($event, $timeoutMs));
            }
            $result = $this->wait($event, (int) min(self::SLICE_MS, ceil($left / 1e6)));
            $result = $result === Status::OK ? $try() : $result;
        }
        return $result;
    }

    /**
     * What is left until a deadline that has passed must not become a wait for ever.
     *
     * @internal
     * @throws InvalidOption
     */
    public static function checkTimeout(int $timeoutMs): void
    {
        if ($timeoutMs < -1) {
            throw new InvalidOption(
                "a timeout is expected to be 0 or more milliseconds, or -1 for ever, got $timeoutMs"
            );
        }
    }

    private function wait(int $event, int $timeoutMs): int
    {
        $status = $this->native->waitForSocket($this->handle(), $event, $timeoutMs);
        if ($status !== Status::OK && function_exists('pcntl_signal_dispatch')) {
            pcntl_signal_dispatch();
        }
        return $status;
    }

    /**
     * What $receive gives, until stop(), close() or the end of the context.
     *
     * @template T
     * @param \Closure(): T $receive
     * @return \Generator<int, T>
     */
    protected function each(\Closure $receive): \Generator
    {
        $dispatches = function_exists('pcntl_signal_dispatch');
        try {
            while (true) {
                if ($dispatches) {
                    // There may be no wait for a long time.
                    pcntl_signal_dispatch();
                }
                if ($this->stopping) {
                    return;
                }
                $this->looping = true;
                try {
                    $message = $receive();
                } catch (SocketClosed) {
                    return;
                } finally {
                    $this->looping = false;
                }
                yield $message;
            }
        } finally {
            $this->stopping = false;
        }
    }

    /** @throws InvalidOption|ConnectionFailed|SocketClosed|ForkedHandle|NativeError */
    protected function check(int $status): void
    {
        if ($status !== Status::OK) {
            throw $this->failure($status);
        }
    }

    private function checkEndpoint(int $status): void
    {
        // A transport that libzmq or the type has not.
        $this->check($status === Status::UNSUPPORTED ? Status::BAD_ENDPOINT : $status);
    }

    /** @param int $event what it could not do, 0 for anything else */
    protected function failure(int $status, int $event = 0): \Throwable
    {
        if ($status !== Status::BAD_STATE) {
            $message = $this->native->lastError();
            return Native::exception($status, $event === 0 ? $message : "{$this->describe()}: $message");
        }
        [$wanted, $due] = $event === self::READABLE ? ['receive', 'send'] : ['send', 'receive'];
        return new InvalidState(
            "{$this->describe()} cannot $wanted now: it sends and receives by turns, and is expected to $due first"
        );
    }

    private function inVain(int $event, int $timeoutMs): string
    {
        return $this->describe() . ($event === self::READABLE
            ? ": no message came within $timeoutMs ms"
            : ": nobody took a message within $timeoutMs ms; either no peer is there, or all are full");
    }

    /** Its type and endpoints, for messages. */
    protected function describe(): string
    {
        $type = substr(static::class, (int) strrpos(static::class, '\\') + 1);
        return $type . ($this->endpoints === [] ? ' without an endpoint' : ' on ' . implode(', ', $this->endpoints));
    }

    /**
     * For var_dump() and print_r().
     *
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        return [
            'type' => static::TYPE,
            'open' => $this->handle !== null,
            'endpoints' => array_values($this->endpoints),
            'receive_timeout_ms' => $this->timeouts[self::RECEIVE_TIMEOUT],
            'send_timeout_ms' => $this->timeouts[self::SEND_TIMEOUT],
        ];
    }

    public function __destruct()
    {
        // Reflection and unserialize() go past the constructor.
        if (isset($this->native)) {
            $this->close();
        }
    }

    private function __clone()
    {
    }

    /** @return array<never> */
    public function __serialize(): array
    {
        throw new \LogicException('a socket cannot be serialized');
    }
}
