<?php

declare(strict_types=1);

namespace Zroute\Laravel\Server;

use Illuminate\Contracts\Foundation\Application as Laravel;
use Illuminate\Database\Connection;
use Illuminate\Queue\Worker;
use Zroute\Call;
use Zroute\Middleware;

/**
 * No call sees what another has left behind: the state of queue workers between
 * two jobs, and what jobs do not need but calls of several users do.
 *
 * @internal
 */
final class FreshState implements Middleware
{
    /** How many terminating callbacks the application itself has. */
    private readonly int $callbacks;
    /** Gives what was added to the application's terminating callbacks, and takes it away. */
    private readonly \Closure $takeCallbacks;
    /** The application's own. */
    private readonly string $locale;
    /** What queue workers do between two jobs, which is Laravel's to know: it is another in each version. */
    private readonly \Closure $resetScope;

    public function __construct(private readonly Laravel $laravel)
    {
        $this->takeCallbacks = \Closure::bind(
            fn (int $after): array => array_splice($this->terminatingCallbacks, $after),
            $laravel,
            $laravel::class
        );
        $count = fn (): int => count($this->terminatingCallbacks);
        $this->callbacks = \Closure::bind($count, $laravel, $laravel::class)();
        $this->locale = $laravel->getLocale();
        $worker = $laravel->make('queue.worker');
        $this->resetScope = \Closure::bind(fn (): \Closure => $this->resetScope, $worker, Worker::class)();
        $this->forget();
    }

    public function process(Call $call, callable $next): mixed
    {
        try {
            $answer = $next($call);
        } finally {
            $this->reset();
        }
        return $answer instanceof \Generator ? $this->itemByItem($answer) : $answer;
    }

    /**
     * Between two items of a generator, and behind its end, other calls run.
     *
     * @param \Generator<mixed> $items
     * @return \Generator<mixed>
     */
    private function itemByItem(\Generator $items): \Generator
    {
        try {
            for (; $items->valid(); $items->next()) {
                $item = $items->current();
                $this->reset();
                yield $item;
            }
        } finally {
            try {
                // Its own finally blocks run now, if its caller has gone.
                unset($items);
            } finally {
                $this->reset();
            }
        }
    }

    private function reset(): void
    {
        // What was put off is not part of a transaction that the call did not end.
        $this->rollBack();
        $this->terminate();
        $this->rollBack();
        $this->attempt($this->forget(...));
    }

    /** Runs what the call has put off until its end, such as jobs dispatched after the response. */
    private function terminate(): void
    {
        foreach (($this->takeCallbacks)($this->callbacks) as $callback) {
            $this->attempt(fn () => $this->laravel->call($callback));
        }
    }

    private function rollBack(): void
    {
        if (!$this->laravel->resolved('db')) {
            return;
        }
        foreach ($this->laravel->make('db')->getConnections() as $connection) {
            // One that fails does not keep another's transaction open.
            $this->attempt(fn () => self::clean($connection));
        }
    }

    /** Ends what a call has left open, and forgets what the connection remembers of it. */
    private static function clean(Connection $connection): void
    {
        $connection->flushQueryLog();
        $connection->forgetRecordModificationState();
        if ($connection->transactionLevel() === 0) {
            return;
        }
        try {
            $connection->rollBack(0);
        } catch (\Throwable $e) {
            $connection->disconnect();
            throw $e;
        }
    }

    private function forget(): void
    {
        ($this->resetScope)();
        // Jobs have no users, calls may have.
        if ($this->laravel->resolved('auth')) {
            $this->laravel->make('auth')->forgetGuards();
            // The one that constructors get as Illuminate\Contracts\Auth\Guard.
            $this->laravel->forgetInstance('auth.driver');
        }
        // A guard notes there who has logged in.
        if ($this->laravel->resolved('session')) {
            foreach ($this->laravel->make('session')->getDrivers() as $session) {
                $session->flush();
                $session->migrate();
            }
        }
        if ($this->laravel->getLocale() !== $this->locale) {
            $this->laravel->setLocale($this->locale);
        }
    }

    /** The call has its answer, whatever fails now. */
    private function attempt(\Closure $step): void
    {
        try {
            $step();
        } catch (\Throwable $e) {
            ReportedFailures::report($this->laravel, $e);
        }
    }
}
