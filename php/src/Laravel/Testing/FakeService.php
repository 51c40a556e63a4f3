<?php

declare(strict_types=1);

namespace Zroute\Laravel\Testing;

use Zroute\Client;
use Zroute\Exception\RemoteError;
use Zroute\Fault;
use Zroute\Laravel\Service;
use Zroute\PendingCall;
use Zroute\Status;

/**
 * @internal
 */
final class FakeService implements Service
{
    /** @var array<string, mixed> */
    private array $meta = [];

    public function __construct(private readonly FakeServices $services, private readonly string $name)
    {
    }

    public function call(
        string $function,
        mixed $parameters = [],
        ?int $timeoutMs = null,
        bool $idempotent = false
    ): mixed {
        try {
            return $this->answer($function, $parameters);
        } catch (Fault $e) {
            throw RemoteError::fromFault($function, $e->getCode(), $e->name, $e->getMessage());
        }
    }

    public function async(
        string $function,
        mixed $parameters = [],
        ?int $timeoutMs = null,
        bool $idempotent = false
    ): PendingCall {
        // Nobody is asked: the call has ended before it is awaited.
        $nobody = (new \ReflectionClass(Client::class))->newInstanceWithoutConstructor();
        $call = new PendingCall($nobody, 0, $function);
        try {
            $call->settle(Status::OK, $this->answer($function, $parameters));
        } catch (Fault $e) {
            $call->settle(Status::FAULT, [$e->getCode(), $e->name, $e->getMessage()]);
        }
        return $call;
    }

    public function notify(string $function, mixed $parameters = []): void
    {
        try {
            $this->answer($function, $parameters, true);
        } catch (Fault) {
            // Nobody hears of it.
        }
    }

    public function batch(array $calls, ?int $timeoutMs = null, bool $idempotent = false): array
    {
        return array_map(fn (array $call): mixed => $this->call($call[0], $call[1] ?? []), $calls);
    }

    public function withMeta(array $meta): static
    {
        $other = clone $this;
        $other->meta = $meta + $this->meta;
        return $other;
    }

    private function answer(string $function, mixed $parameters, bool $isOneWay = false): mixed
    {
        return $this->services->answer(new RecordedCall($this->name, $function, $parameters, $this->meta, $isOneWay));
    }
}
