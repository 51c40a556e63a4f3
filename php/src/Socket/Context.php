<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Exception\InvalidOption;
use Zroute\Exception\NativeError;
use Zroute\Exception\SocketClosed;
use Zroute\Native;
use Zroute\Status;

/**
 * Where sockets live: those of one context reach each other over inproc://,
 * and share libzmq's threads. Without one of your own, sockets take the
 * process's; a forked child gets another.
 *
 * A context ends with the last that uses it, and waits then for what its
 * closed sockets have still to send, as long as their ZMQ_LINGER allows.
 */
final class Context
{
    private static ?self $default = null;
    private static int $process = 0;

    private readonly Native $native;
    private readonly int $handle;

    /**
     * @param array<string, int> $options by libzmq's names: ZMQ_IO_THREADS, ZMQ_MAX_SOCKETS, …; and wait_ms, how long
     *        its end may take in all, -1 (the default) for as long as the sockets' ZMQ_LINGER
     * @throws InvalidOption|NativeError
     */
    public function __construct(array $options = [])
    {
        $this->native = Native::get();
        $this->handle = $this->native->newContext();
        try {
            foreach ($options as $name => $value) {
                $this->setOption((string) $name, $value);
            }
        } catch (\Throwable $e) {
            // PHP destroys nothing whose constructor threw.
            $this->native->freeContext($this->handle);
            throw $e;
        }
    }

    /** The process's own. */
    public static function default(): self
    {
        $process = (int) getmypid();
        if (self::$default === null || self::$process !== $process) {
            self::$default = new self();
            self::$process = $process;
        }
        return self::$default;
    }

    /**
     * @param string $name by libzmq; before the first socket is made
     * @throws InvalidOption
     */
    public function setOption(string $name, int $value): static
    {
        $this->check($this->native->setContext($this->handle, $name, $value));
        return $this;
    }

    /** @throws InvalidOption */
    public function option(string $name): int
    {
        $this->check($this->native->getContext($this->handle, $name, $value));
        return $value;
    }

    /**
     * Ends every loop and wait in its sockets. They throw SocketClosed from then
     * on, and can only be closed.
     */
    public function shutDown(): void
    {
        $this->check($this->native->shutDownContext($this->handle));
    }

    /** @internal */
    public function handle(): int
    {
        return $this->handle;
    }

    /** @throws InvalidOption|SocketClosed|NativeError */
    private function check(int $status): void
    {
        if ($status !== Status::OK) {
            throw Native::exception($status, $this->native->lastError());
        }
    }

    /**
     * For var_dump() and print_r().
     *
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        return ['default' => $this === self::$default];
    }

    public function __destruct()
    {
        // Reflection and unserialize() go past the constructor.
        if (!isset($this->handle)) {
            return;
        }
        while ($this->native->freeContext($this->handle) === Status::INTERRUPTED) {
            if (function_exists('pcntl_signal_dispatch')) {
                pcntl_signal_dispatch();
            }
        }
    }

    private function __clone()
    {
    }

    /** @return array<never> */
    public function __serialize(): array
    {
        throw new \LogicException('a context cannot be serialized');
    }
}
