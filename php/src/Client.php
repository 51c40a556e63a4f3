<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\ForkedHandle;
use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\InvalidValue;
use Zroute\Exception\NativeError;
use Zroute\Exception\RemoteError;
use Zroute\Exception\Timeout;

use function array_filter;
use function count;
use function is_string;

/**
 * Calls functions of a server.
 *
 *     $client = new Zroute\Client('tcp://127.0.0.1:5555');
 *     $sum = $client->call('plus', [1, 2, 3]);
 *
 * With several endpoints each call goes to the next server that is connected.
 * The connections are made in the background, so a server may come later.
 */
final class Client
{
    /** How long to wait before looking for signals again: one may come just before a wait. */
    private const SLICE_MS = 250;

    private const WAIT_FOR_NONE = -2;
    private const OWN_TIMEOUT = -1;

    private readonly Native $native;
    private readonly Bridge $bridge;
    private readonly object $handle;
    private int $lastNumber = 0;
    /** @var array<int, \WeakReference<PendingCall>> by number */
    private array $pending = [];

    /**
     * @param string|list<string> $endpoints tcp://127.0.0.1:5555, ipc:///run/app.sock, …
     * @param array<string, int|string|bool> $options the native options of docs/php.md: timeout_ms (30000),
     *        max_message, linger_ms, curve_server_key, …
     * @throws InvalidOption|NativeError
     */
    public function __construct(string|array $endpoints, array $options = [])
    {
        $endpoints = (array) $endpoints;
        $this->native = Native::get();
        $this->bridge = $this->native->values();
        $this->handle = $this->native->newClient($options);
        try {
            if ($endpoints === [] || array_filter($endpoints, is_string(...)) !== $endpoints) {
                throw new InvalidOption('a client is expected to have one endpoint or more, each a string');
            }
            foreach ($endpoints as $endpoint) {
                $this->native->connect($this->handle, $endpoint);
            }
        } catch (\Throwable $e) {
            // PHP destroys nothing whose constructor threw.
            $this->native->freeClient($this->handle);
            throw $e;
        }
    }

    /**
     * Calls a function and waits for its answer.
     *
     * @param mixed $parameters usually a list, or a map of names; see MessagePack::pack() for what can travel
     * @param int|null $timeoutMs how long the call may take; null takes the option timeout_ms
     * @return mixed the answer: null, bool, int, float, string or array
     * @throws RemoteError when the call failed at the server
     * @throws Timeout when no answer came in time; the function may have run
     * @throws ConnectionFailed when no server was connected in time; it did not run
     * @throws InvalidMessage when the answer cannot be a PHP value
     * @throws InvalidValue when the parameters cannot travel
     * @throws ForkedHandle in a child of the process that made the client
     */
    public function call(string $function, mixed $parameters = [], ?int $timeoutMs = null): mixed
    {
        return $this->begin($function, $parameters, $timeoutMs, true)->await();
    }

    /**
     * Begins a call; await() of what it returns waits for the answer. Any
     * number may be in flight.
     *
     * @throws InvalidValue when the parameters cannot travel
     * @throws ForkedHandle in a child of the process that made the client
     */
    public function async(string $function, mixed $parameters = [], ?int $timeoutMs = null): PendingCall
    {
        return $this->begin($function, $parameters, $timeoutMs, false);
    }

    /**
     * Waits for several calls.
     *
     * @return array<mixed> the answers, under the keys of the arguments
     * @throws RemoteError|Timeout|ConnectionFailed|InvalidMessage the first failure in this order
     */
    public function await(PendingCall ...$calls): array
    {
        return array_map(static fn (PendingCall $call): mixed => $call->await(), $calls);
    }

    /**
     * What was counted since the client was made: calls, answers, faults,
     * timeouts, not_connected, invalid, unmatched, in_flight, bytes_sent,
     * bytes_received.
     *
     * @return array<string, int>
     */
    public function counters(): array
    {
        return $this->native->clientCounters($this->handle);
    }

    /**
     * Waits until the call has ended, by its own deadline at the latest.
     *
     * @internal for PendingCall
     */
    public function waitFor(PendingCall $call, int $number): void
    {
        while (!$call->isSettled()) {
            $this->exchange([], true, $number, self::SLICE_MS);
        }
    }

    /**
     * Takes in what has arrived.
     *
     * @internal for PendingCall
     */
    public function poll(): void
    {
        $this->exchange([], true, self::WAIT_FOR_NONE, 0);
    }

    /**
     * @internal for PendingCall
     */
    public function forget(int $number): void
    {
        unset($this->pending[$number]);
    }

    private function begin(string $function, mixed $parameters, ?int $timeoutMs, bool $wait): PendingCall
    {
        if ($timeoutMs !== null && $timeoutMs < 0) {
            throw new InvalidOption("a timeout is expected to be 0 or more milliseconds, got $timeoutMs");
        }
        $number = ++$this->lastNumber;
        $call = new PendingCall($this, $number, $function);
        $this->pending[$number] = \WeakReference::create($call);
        $submission = [$number, $function, $parameters, $timeoutMs ?? self::OWN_TIMEOUT];
        $waitFor = $wait ? $number : self::WAIT_FOR_NONE;
        $timeout = $wait ? self::SLICE_MS : 0;
        if ($this->exchange($submission, false, $waitFor, $timeout)) {
            $submission[2] = Plain::of($parameters);
            $this->exchange($submission, true, $waitFor, $timeout);
        }
        return $call;
    }

    /**
     * Begins a call, takes in what has ended and settles it.
     *
     * @param array{}|array{int, string, mixed, int} $call number, function, parameters, timeout
     * @param bool $plain that the parameters were looked at
     * @return bool that it was refused, because its parameters have to be looked at
     */
    private function exchange(array $call, bool $plain, int $waitFor, int $timeoutMs): bool
    {
        $results = $this->bridge->clientExchange($this->handle, $call, $plain, $waitFor, $timeoutMs);
        if ($results === null || $results === []) {
            // A signal, or the end of a slice: one may have come just before it.
            if ($timeoutMs > 0 && function_exists('pcntl_signal_dispatch')) {
                pcntl_signal_dispatch();
            }
            return false;
        }
        $refused = false;
        for ($i = 0, $count = count($results); $i < $count; $i += 3) {
            [$number, $status, $value] = [$results[$i], $results[$i + 1], $results[$i + 2]];
            if ($status === Status::NOT_PLAIN && !$plain && $number === $call[0]) {
                $refused = true;
                continue;
            }
            $call = ($this->pending[$number] ?? null)?->get();
            unset($this->pending[$number]);
            $call?->settle($status, $value);
        }
        return $refused;
    }

    public function __destruct()
    {
        // Reflection and unserialize() go past the constructor.
        if (isset($this->handle)) {
            $this->native->freeClient($this->handle);
        }
    }

    private function __clone()
    {
    }

    /** @return array<never> */
    public function __serialize(): array
    {
        throw new \LogicException('a client cannot be serialized');
    }
}
