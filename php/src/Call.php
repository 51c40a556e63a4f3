<?php

declare(strict_types=1);

namespace Zroute;

use function hrtime;
use function intdiv;
use function max;

/**
 * One call, as the server sees it.
 *
 * A handler that declares a parameter of this type gets it, in any position;
 * middleware gets it always.
 */
final class Call
{
    /** @var array<string, mixed> what middleware tells the handler, and other middleware; never sent */
    public array $attributes = [];

    /**
     * Programs make one only to test their handlers.
     *
     * @param string $function the name that was called
     * @param mixed $parameters as they came: a list, a map or any other value
     * @param array<mixed> $meta what the caller sent beside the parameters
     * @param string $peer who called, such as 127.0.0.1:40122; empty if that is not known
     * @param string $dialect how the request was written: plain, msgpack-rpc or zerorpc
     * @param int|null $deadline when the caller gives up, in hrtime's nanoseconds; null for never
     */
    public function __construct(
        public readonly string $function,
        public readonly mixed $parameters = [],
        public readonly array $meta = [],
        public readonly string $peer = '',
        public readonly string $dialect = 'plain',
        public readonly ?int $deadline = null,
    ) {
    }

    /** How many milliseconds the caller still waits, 0 when it has given up; null if it never does. */
    public function msLeft(): ?int
    {
        return $this->deadline === null ? null : intdiv(max(0, $this->deadline - hrtime(true)), 1_000_000);
    }

    /** The same in seconds. */
    public function secondsLeft(): ?float
    {
        return $this->deadline === null ? null : max(0, $this->deadline - hrtime(true)) / 1e9;
    }

    /** The same call with other parameters, for what comes behind a middleware. */
    public function withParameters(mixed $parameters): self
    {
        $call = new self($this->function, $parameters, $this->meta, $this->peer, $this->dialect, $this->deadline);
        $call->attributes = $this->attributes;
        return $call;
    }
}
