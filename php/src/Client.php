<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\ForkedHandle;
use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\InvalidValue;
use Zroute\Exception\NativeError;
use Zroute\Exception\OutcomeUnknown;
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
 * With several endpoints each call goes to the server that has fewest calls in
 * flight; one that is away or fails is left out. The connections are made in the
 * background, so a server may come later.
 *
 * A call is never run twice, unless it is declared idempotent: then it is tried
 * again when its connection is lost, or its server has too much to do.
 */
final class Client
{
    /** How long to wait before looking for signals again: one may come just before a wait. */
    private const SLICE_MS = 250;

    private const WAIT_FOR_NONE = -2;
    private const OWN_TIMEOUT = -1;
    private const BAD_TIMEOUT = 'a timeout is expected to be 0 or more milliseconds, got ';
    /** The library's zroute_call_flag. */
    private const IDEMPOTENT = 1;
    private const ONE_WAY = 2;
    private const STREAM = 4;

    /** @var array<string, array{int, self}> the shared clients of this request, with the process that had them */
    private static array $shared = [];

    private readonly Native $native;
    private readonly Bridge $bridge;
    private readonly object $handle;
    private int $lastNumber = 0;
    /** @var array<int, \WeakReference<PendingCall|PendingStream>> by number */
    private array $pending = [];
    /** It lives on when this object goes. */
    private bool $isShared = false;

    /**
     * @param string|list<string> $endpoints tcp://127.0.0.1:5555, ipc:///run/app.sock,
     *        consul://127.0.0.1:8500/time-service, …
     * @param array<string, int|string|bool> $options the native options of docs/php.md: timeout_ms (30000),
     *        max_message, linger_ms, curve_server_key, …
     * @throws InvalidOption|NativeError
     */
    public function __construct(string|array $endpoints, array $options = [])
    {
        $native = Native::get();
        $this->begins($native, $native->newClient($options), (array) $endpoints);
    }

    /**
     * The client of this process for these endpoints and options. It keeps its
     * connections from one request of php-fpm to the next; in a script, or on the
     * command line, it is one client for all who ask. Calls that a request has not
     * awaited are given up when it ends; those of notify() go on.
     *
     * @param string|list<string> $endpoints as for the constructor
     * @param array<string, int|string|bool> $options as for the constructor
     * @throws InvalidOption|NativeError
     */
    public static function shared(string|array $endpoints, array $options = []): self
    {
        $endpoints = (array) $endpoints;
        $name = hash('sha256', serialize([$endpoints, $options]));
        $process = getmypid();
        [$owner, $client] = self::$shared[$name] ?? [null, null];
        if ($owner === $process) {
            return $client;
        }
        $native = Native::get();
        [$handle, $isNew] = $native->sharedClient($name, $options);
        $client = (new \ReflectionClass(self::class))->newInstanceWithoutConstructor();
        $client->begins($native, $handle, $isNew ? $endpoints : null);
        $client->isShared = true;
        $client->meta([]);
        self::$shared[$name] = [$process, $client];
        return $client;
    }

    /** @param array<mixed>|null $endpoints what to connect to; null when that was done before */
    private function begins(Native $native, object $handle, ?array $endpoints): void
    {
        $this->native = $native;
        $this->handle = $handle;
        if ($endpoints === null) {
            $this->bridge = $native->values();
            return;
        }
        try {
            if ($endpoints === [] || array_filter($endpoints, is_string(...)) !== $endpoints) {
                throw new InvalidOption('a client is expected to have one endpoint or more, each a string');
            }
            foreach ($endpoints as $endpoint) {
                $native->connect($handle, $endpoint);
            }
            // Consul is asked meanwhile, where an endpoint names a service.
            $this->bridge = $native->values();
        } catch (\Throwable $e) {
            // PHP destroys nothing whose constructor threw.
            $native->freeClient($handle);
            throw $e;
        }
    }

    /**
     * Calls a function and waits for its answer.
     *
     * @param mixed $parameters usually a list, or a map of names; see MessagePack::pack() for what can travel
     * @param int|null $timeoutMs how long the call may take; null takes the option timeout_ms
     * @param bool $idempotent that it may run twice without harm, and so may be tried again
     * @return mixed the answer: null, bool, int, float, string or array
     * @throws RemoteError when the call failed at the server
     * @throws Timeout when no answer came in time; the function may have run
     * @throws OutcomeUnknown when the connection was lost before an answer; the function may have run
     * @throws ConnectionFailed when no server was connected in time; it did not run
     * @throws InvalidMessage when the answer cannot be a PHP value
     * @throws InvalidValue when the parameters cannot travel
     * @throws ForkedHandle in a child of the process that made the client
     */
    public function call(
        string $function,
        mixed $parameters = [],
        ?int $timeoutMs = null,
        bool $idempotent = false
    ): mixed {
        return $this->begin($function, $parameters, $timeoutMs, $idempotent ? self::IDEMPOTENT : 0, true)->await();
    }

    /**
     * Sets what travels beside the parameters of every call that begins from now
     * on: a handler's Call has it as its meta. `access_key` is what
     * Middleware\AccessKey looks for. A shared client begins each request with none.
     *
     *     $client->meta(['access_key' => $key, 'user' => 7])->call('shop.order', ['tea']);
     *
     * @param array<string, mixed> $meta [] for none
     * @throws InvalidValue when it is a list, or cannot travel
     */
    public function meta(array $meta): static
    {
        $this->native->setClientMeta($this->handle, $meta === [] ? '' : $this->bridge->pack($meta));
        return $this;
    }

    /**
     * Begins a call; await() of what it returns waits for the answer. Any
     * number may be in flight.
     *
     * @param mixed $parameters as for call()
     * @param int|null $timeoutMs how long the call may take; null takes the option timeout_ms
     * @param bool $idempotent that it may run twice without harm, and so may be tried again
     * @throws InvalidValue when the parameters cannot travel
     * @throws ForkedHandle in a child of the process that made the client
     */
    public function async(
        string $function,
        mixed $parameters = [],
        ?int $timeoutMs = null,
        bool $idempotent = false
    ): PendingCall {
        return $this->begin($function, $parameters, $timeoutMs, $idempotent ? self::IDEMPOTENT : 0, false);
    }

    /**
     * Calls a function and waits for nothing: what becomes of the call is only
     * counted. It runs once, or not at all.
     *
     * @param mixed $parameters as for call()
     * @throws InvalidValue when the parameters cannot travel
     * @throws ForkedHandle in a child of the process that made the client
     */
    public function notify(string $function, mixed $parameters = []): void
    {
        $call = $this->begin($function, $parameters, null, self::ONE_WAY, false);
        if ($call->isSettled()) {
            $call->await();
        }
    }

    /**
     * Begins several calls at once and waits until all have ended. If any fails, the answers of the others are lost:
     * who wants each outcome begins them with async(), and awaits each by itself.
     *
     *     [$user, $cart] = $client->batch([['user.get', [7]], ['cart.get', [7]]]);
     *
     * @param array<array{0: string, 1?: mixed}> $calls function and parameters of each
     * @param int|null $timeoutMs how long each may take; null takes the option timeout_ms
     * @param bool $idempotent that all of them may run twice without harm
     * @return array<mixed> the answers, under the keys of the calls
     * @throws RemoteError|Timeout|OutcomeUnknown|ConnectionFailed|InvalidMessage the first failure in this order
     * @throws InvalidValue when parameters cannot travel
     * @throws ForkedHandle in a child of the process that made the client
     */
    public function batch(array $calls, ?int $timeoutMs = null, bool $idempotent = false): array
    {
        if ($timeoutMs !== null && $timeoutMs < 0) {
            throw new InvalidOption(self::BAD_TIMEOUT . $timeoutMs);
        }
        $pending = [];
        $submission = [];
        $flags = $idempotent ? self::IDEMPOTENT : 0;
        foreach ($calls as $key => $call) {
            $function = is_array($call) ? $call[0] ?? null : null;
            if (!is_string($function)) {
                throw new InvalidOption("a batch is expected to hold [function, parameters], '$key' is not");
            }
            $number = ++$this->lastNumber;
            $pending[$key] = new PendingCall($this, $number, $function);
            $this->pending[$number] = \WeakReference::create($pending[$key]);
            array_push($submission, $number, $function, $call[1] ?? [], $timeoutMs ?? self::OWN_TIMEOUT, $flags);
        }
        $refused = $this->exchange($submission, false, self::WAIT_FOR_NONE, 0);
        $again = [];
        foreach (array_chunk($submission, Bridge::CALL_VALUES) as $call) {
            if (in_array($call[0], $refused, true)) {
                $call[2] = Plain::of($call[2]);
                array_push($again, ...$call);
            }
        }
        $this->exchange($again, true, self::WAIT_FOR_NONE, 0);
        foreach ($pending as $call) {
            $call->isSettled() || $this->waitFor($call, $call->number);
        }
        return array_map(static fn (PendingCall $call): mixed => $call->await(), $pending);
    }

    /**
     * Calls a function that gives many values, and gives them one by one. It is
     * begun at once, and ends early when the loop is left.
     *
     *     foreach ($client->stream('export', ['2015']) as $row) {
     *         …
     *     }
     *
     * For a client whose option `dialect` is `zerorpc`. Several streams, and
     * calls beside them, may be open at once. A function that gives one value has
     * that as its only item.
     *
     * @param mixed $parameters a list, as for call()
     * @param int|null $timeoutMs the longest wait for each item; null takes the option timeout_ms
     * @param bool $idempotent that it may begin again as long as no item has come
     * @param int|null $totalMs how long the whole may take, looked at whenever items are waited for; null for any time
     * @return \Generator<int, mixed, mixed, void> throws what call() throws, behind the items that came before
     * @throws InvalidValue when the parameters cannot travel
     * @throws ForkedHandle in a child of the process that made the client
     */
    public function stream(
        string $function,
        mixed $parameters = [],
        ?int $timeoutMs = null,
        bool $idempotent = false,
        ?int $totalMs = null
    ): \Generator {
        if ($totalMs !== null && $totalMs < 0) {
            throw new InvalidOption(self::BAD_TIMEOUT . $totalMs);
        }
        $stream = new PendingStream($this, ++$this->lastNumber, $function, $totalMs);
        $flags = self::STREAM | ($idempotent ? self::IDEMPOTENT : 0);
        $this->submit($stream, $this->lastNumber, $function, $parameters, $timeoutMs, $flags, false);
        return $stream->items();
    }

    /**
     * Waits for several calls.
     *
     * @return array<mixed> the answers, under the keys of the arguments
     * @throws RemoteError|Timeout|OutcomeUnknown|ConnectionFailed|InvalidMessage the first failure in this order
     */
    public function await(PendingCall ...$calls): array
    {
        return array_map(static fn (PendingCall $call): mixed => $call->await(), $calls);
    }

    /**
     * How the servers are doing, in the order of the endpoints. `state` is `up`,
     * `away` (no connection), `leaving` (it said that it goes away), `left out`
     * (its breaker is open) or `on probation` (one call shows whether it answers
     * again); `in_flight` are the calls that it has now, `failures` those since its
     * last answer, and `trouble` is why it gets no calls, as far as is known.
     *
     * @return list<array{endpoint: string, state: string, in_flight: int, failures: int, trouble: string}>
     */
    public function servers(): array
    {
        return $this->native->clientServers($this->handle);
    }

    /**
     * What was counted since the client was made: calls, answers, faults,
     * timeouts, unknown, not_connected, invalid, retries, unmatched, in_flight,
     * bytes_sent, bytes_received.
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
     * Waits for items of the stream or its end, no longer than a slice.
     *
     * @internal for PendingStream
     */
    public function waitForItems(int $number, ?int $timeoutMs): void
    {
        $this->exchange([], true, $number, min($timeoutMs ?? self::SLICE_MS, self::SLICE_MS));
    }

    /**
     * The server is told nothing more, and what it still sends is dropped.
     *
     * @internal for PendingStream
     */
    public function closeStream(int $number): void
    {
        unset($this->pending[$number]);
        $this->native->cancel($this->handle, $number);
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

    private function begin(
        string $function,
        mixed $parameters,
        ?int $timeoutMs,
        int $flags,
        bool $wait
    ): PendingCall {
        $number = ++$this->lastNumber;
        $call = new PendingCall($this, $number, $function);
        $this->submit($call, $number, $function, $parameters, $timeoutMs, $flags, $wait);
        return $call;
    }

    private function submit(
        PendingCall|PendingStream $call,
        int $number,
        string $function,
        mixed $parameters,
        ?int $timeoutMs,
        int $flags,
        bool $wait
    ): void {
        if ($timeoutMs !== null && $timeoutMs < 0) {
            throw new InvalidOption(self::BAD_TIMEOUT . $timeoutMs);
        }
        $this->pending[$number] = \WeakReference::create($call);
        $submission = [$number, $function, $parameters, $timeoutMs ?? self::OWN_TIMEOUT, $flags];
        $waitFor = $wait ? $number : self::WAIT_FOR_NONE;
        $slice = $wait ? self::SLICE_MS : 0;
        if ($this->exchange($submission, false, $waitFor, $slice) !== []) {
            $submission[2] = Plain::of($parameters);
            $this->exchange($submission, true, $waitFor, $slice);
        }
    }

    /**
     * Begins calls, takes in what has ended and settles it.
     *
     * @param list<mixed> $calls number, function, parameters, timeout, flags, again and again
     * @param bool $plain that the parameters were looked at
     * @return list<int> the numbers of those that were refused, because their parameters have to be looked at
     */
    private function exchange(array $calls, bool $plain, int $waitFor, int $timeoutMs): array
    {
        $results = $this->bridge->clientExchange($this->handle, $calls, $plain, $waitFor, $timeoutMs);
        if ($results === null || $results === []) {
            // A signal, or the end of a slice: one may have come just before it.
            if ($timeoutMs > 0 && function_exists('pcntl_signal_dispatch')) {
                pcntl_signal_dispatch();
            }
            return [];
        }
        $refused = [];
        for ($i = 0, $count = count($results); $i < $count; $i += 3) {
            [$number, $status, $value] = [$results[$i], $results[$i + 1], $results[$i + 2]];
            if ($status === Status::NOT_PLAIN && !$plain) {
                $refused[] = $number;
                continue;
            }
            $call = ($this->pending[$number] ?? null)?->get();
            if ($call?->settle($status, $value) !== false) {
                unset($this->pending[$number]);
            }
        }
        return $refused;
    }

    /**
     * For var_dump() and print_r().
     *
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        try {
            return [
                'shared' => $this->isShared,
                'servers' => $this->servers(),
                'counters' => $this->counters(),
            ];
        } catch (\Throwable $e) {
            // PHP would end the program.
            return ['unusable' => $e->getMessage()];
        }
    }

    public function __destruct()
    {
        // Reflection and unserialize() go past the constructor.
        if (!isset($this->handle)) {
            return;
        }
        // A script on the command line has no next request: what waits goes out.
        if ($this->isShared && PHP_SAPI !== 'cli') {
            $this->native->cancelAll($this->handle);
        } else {
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
