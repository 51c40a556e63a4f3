<?php

declare(strict_types=1);

namespace Zroute\Laravel;

use Zroute\PendingCall;

/**
 * A service that the configuration names. The methods are those of
 * Zroute\Client, with their exceptions.
 */
interface Service
{
    /**
     * Calls a function and waits for its answer.
     *
     * @param int|null $timeoutMs milliseconds; null takes the option timeout_ms
     * @param bool $idempotent that it may run twice without harm, and so may be tried again
     */
    public function call(
        string $function,
        mixed $parameters = [],
        ?int $timeoutMs = null,
        bool $idempotent = false
    ): mixed;

    /** Begins a call; await() of what it returns waits for the answer. */
    public function async(
        string $function,
        mixed $parameters = [],
        ?int $timeoutMs = null,
        bool $idempotent = false
    ): PendingCall;

    /** Calls a function and waits for nothing. */
    public function notify(string $function, mixed $parameters = []): void;

    /**
     * Begins several calls at once and waits until all have ended.
     *
     * @param array<array{0: string, 1?: mixed}> $calls function and parameters of each
     * @return array<mixed> the answers, under the keys of the calls
     */
    public function batch(array $calls, ?int $timeoutMs = null, bool $idempotent = false): array;

    /**
     * The same service with something more that travels beside the parameters
     * of each call; what the configuration says stays, unless this replaces it.
     *
     * @param array<string, mixed> $meta
     */
    public function withMeta(array $meta): static;
}
