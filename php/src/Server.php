<?php

declare(strict_types=1);

namespace Zroute;

use Psr\Container\ContainerInterface;
use Psr\Log\LoggerInterface;
use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\ForkedHandle;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\InvalidState;
use Zroute\Exception\NativeError;
use Zroute\Handler\Instances;
use Zroute\Server\Board;
use Zroute\Server\Failures;
use Zroute\Server\Functions;
use Zroute\Server\Loop;
use Zroute\Server\Signals;

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
    /** How long to wait before looking for signals again: one may come just before a wait. */
    private const SLICE_MS = 250;

    private readonly Native $native;
    private readonly object $handle;
    private readonly Loop $loop;
    private readonly Functions $functions;
    private readonly Instances $instances;
    private int $endpoints = 0;
    private bool $watchesShutdown = false;

    /**
     * @param array<string, string|array|object> $functions handlers by name, as register() takes them
     * @param array<string, int|string|bool> $options the native options of docs/php.md (max_message, linger_ms,
     *        curve_secret_key, …), and error_details: whether callers see the class and message of an exception
     *        (default true)
     * @param LoggerInterface|null $logger where failed handlers are reported; null takes error_log()
     * @param ContainerInterface|null $container where handlers and middleware that are named by class come from; null
     *        makes one object of each class that needs no constructor parameters
     * @throws InvalidOption|NativeError
     */
    public function __construct(
        array $functions = [],
        array $options = [],
        ?LoggerInterface $logger = null,
        ?ContainerInterface $container = null,
    ) {
        $details = $options['error_details'] ?? true;
        if (!is_bool($details)) {
            throw new InvalidOption("option 'error_details' is expected to be bool, got " . get_debug_type($details));
        }
        unset($options['error_details']);
        $this->instances = new Instances($container);
        $this->native = Native::get();
        $this->handle = $this->native->newServer($options);
        try {
            $failures = new Failures($this->native, $this->handle, $logger, $details);
            $this->loop = new Loop($this->native, $this->handle, $failures);
            $this->functions = new Functions($this->native, $this->handle, $this->loop);
            foreach ($functions as $name => $handler) {
                $this->register((string) $name, $handler);
            }
        } catch (\Throwable $e) {
            // PHP destroys nothing whose constructor threw.
            $this->native->freeServer($this->handle);
            throw $e;
        }
    }

    /**
     * Adds a function, or replaces it; a service adds one for each method, as name.method.
     *
     * | handler | what is called |
     * |---|---|
     * | a callable: closure, function name, [$object, 'method'], object with __invoke() | it |
     * | 'Class@method', 'Class::method', [Class::class, 'method'] | it, of an object of the class unless it is static |
     * | Class::class with __invoke() | that, of an object of the class |
     * | Class::class, an object, Zroute\Service | a service: each of its public methods |
     *
     * Instead of a class there may be any id that the container knows. Classes and methods are looked for at once; the
     * object is asked for at each call.
     *
     * @param string|array<mixed>|object $handler
     * @param ContainerInterface|null $container where its object comes from; null takes the server's
     * @throws InvalidOption when the name is empty, nothing can be called, or the handler takes references
     */
    public function register(string $name, mixed $handler, ?ContainerInterface $container = null): static
    {
        $this->functions->add($name, $handler, $container === null ? $this->instances : new Instances($container));
        return $this;
    }

    /**
     * Puts a middleware around all functions whose names match, those that come later too. What was added first is
     * outermost: it sees a call first, and its answer last.
     *
     * @param string $glob * for any characters, ? for one, as fnmatch() has it: math.*
     * @param string|callable(Call, callable): mixed|Middleware $middleware a class name is that of a Middleware
     * @param ContainerInterface|null $container where its object comes from; null takes the server's
     * @throws InvalidOption when it is no middleware, or there is no object of its class
     */
    public function middleware(
        string $glob,
        string|callable|Middleware $middleware,
        ?ContainerInterface $container = null,
    ): static {
        $instances = $container === null ? $this->instances : new Instances($container);
        $this->functions->surround($glob, $middleware, $instances);
        return $this;
    }

    /**
     * The names of the functions that match a glob.
     *
     * @return list<string>
     */
    public function functions(string $glob = '*'): array
    {
        return $this->functions->matching($glob);
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
        $this->loop->raw(\Closure::fromCallable($handler));
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
     * @throws InvalidState when nothing is bound, so that nobody could ever call
     * @throws ForkedHandle in a child of the process that made the server
     */
    public function run(): void
    {
        if ($this->endpoints === 0) {
            throw new InvalidState('nothing is bound, so nobody could ever call: call bind() before run()');
        }
        $this->loop->resume();
        $signals = Signals::catch($this->stop(...));
        $this->watchShutdown();
        try {
            $this->loop->run(self::SLICE_MS);
        } finally {
            $signals->release();
        }
    }

    /**
     * Serves what is here, or waits for it; for programs with a loop of their
     * own. Returns early when a signal arrives. With nothing bound it just waits
     * for as long: bind() may come between two steps.
     *
     * @param int $timeoutMs how long to wait, 0 for not at all
     * @return int how many calls were served
     * @throws ForkedHandle in a child of the process that made the server
     */
    public function step(int $timeoutMs): int
    {
        $this->watchShutdown();
        return $this->loop->step(max(0, $timeoutMs));
    }

    /** Ends run() after the call that is being served. */
    public function stop(): void
    {
        $this->loop->stop();
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
     * refused, undeliverable, dropped, open, bytes_received, bytes_sent, callers_lost,
     * callers_stalled, and faults_* by code.
     *
     * @return array<string, int>
     */
    public function counters(): array
    {
        return $this->native->serverCounters($this->handle);
    }

    /**
     * Serves a supervisor: its numbers of the calls are their tokens. To be called before bind().
     *
     * @internal
     */
    public function watchedBy(Board $board): static
    {
        $this->native->serveSupervisor($this->handle);
        $this->loop->watchedBy($board);
        return $this;
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
        if ($this->loop->abandon()) {
            // The others of the batch are told that they were not begun.
            $this->native->endServer($this->handle);
        }
    }

    /**
     * For var_dump() and print_r().
     *
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        try {
            $endpoint = fn (int $index): string => $this->native->endpoint($this->handle, $index);
            return [
                'endpoints' => $this->endpoints === 0 ? [] : array_map($endpoint, range(0, $this->endpoints - 1)),
                'functions' => $this->functions(),
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
