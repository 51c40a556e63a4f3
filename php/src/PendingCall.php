<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidValue;
use Zroute\Exception\OutcomeUnknown;
use Zroute\Exception\RemoteError;
use Zroute\Exception\Timeout;

/**
 * A call that was begun with Client::async().
 */
final class PendingCall
{
    /** How it ended; null before. */
    private ?int $status = null;
    /** The answer, what a fault consists of, or the text of a failure. */
    private mixed $value = null;

    /** @internal */
    public function __construct(
        private readonly Client $client,
        /** @internal for Client */
        public readonly int $number,
        private readonly string $function,
    ) {
    }

    /**
     * Waits for the answer, no longer than the call's timeout; again and again
     * gives the same.
     *
     * @return mixed the answer: null, bool, int, float, string or array
     * @throws RemoteError when the call failed at the server
     * @throws Timeout when no answer came in time; the function may have run
     * @throws OutcomeUnknown when the connection was lost before an answer; the function may have run
     * @throws ConnectionFailed when no server was connected in time; it did not run
     * @throws InvalidMessage when the answer cannot be a PHP value
     * @throws InvalidValue when the parameters were too large
     */
    public function await(): mixed
    {
        if ($this->status === null) {
            $this->client->waitFor($this, $this->number);
        }
        return match ($this->status) {
            Status::OK => $this->value,
            Status::FAULT => throw RemoteError::fromFault($this->function, ...$this->value),
            default => throw Native::exception((int) $this->status, $this->value),
        };
    }

    /** Whether it has ended; await() returns at once then. Never waits. */
    public function isDone(): bool
    {
        if ($this->status === null) {
            $this->client->poll();
        }
        return $this->status !== null;
    }

    /** @internal for Client */
    public function isSettled(): bool
    {
        return $this->status !== null;
    }

    /**
     * @internal for Client
     * @return bool whether this was its end
     */
    public function settle(int $status, mixed $value): bool
    {
        $this->status = $status;
        $this->value = $value;
        return true;
    }

    /**
     * For var_dump() and print_r().
     *
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        $ended = match ($this->status) {
            null => [],
            Status::OK => ['answer' => $this->value],
            Status::FAULT => ['fault' => $this->value],
            default => ['failure' => $this->value],
        };
        return ['function' => $this->function, 'ended' => $this->status !== null] + $ended;
    }

    public function __destruct()
    {
        if ($this->status === null) {
            $this->client->forget($this->number);
        }
    }

    private function __clone()
    {
    }
}
