<?php

declare(strict_types=1);

namespace Zroute\Laravel;

use Zroute\Client;
use Zroute\PendingCall;

/**
 * A service behind the shared client of its endpoints, which keeps its
 * connections from one request of php-fpm to the next.
 *
 * @internal
 */
final class ConnectedService implements Service
{
    /** @var \WeakMap<Client, array<string, mixed>>|null what was last set: services with the same endpoints share one */
    private static ?\WeakMap $meta = null;

    /**
     * @param array<string> $endpoints as Client takes them
     * @param array<string, int|string|bool> $options
     * @param array<string, mixed> $mine what travels with each call
     */
    public function __construct(
        private readonly array $endpoints,
        private readonly array $options,
        private array $mine,
    ) {
    }

    public function call(
        string $function,
        mixed $parameters = [],
        ?int $timeoutMs = null,
        bool $idempotent = false
    ): mixed {
        return $this->client()->call($function, $parameters, $timeoutMs, $idempotent);
    }

    public function async(
        string $function,
        mixed $parameters = [],
        ?int $timeoutMs = null,
        bool $idempotent = false
    ): PendingCall {
        return $this->client()->async($function, $parameters, $timeoutMs, $idempotent);
    }

    public function notify(string $function, mixed $parameters = []): void
    {
        $this->client()->notify($function, $parameters);
    }

    public function batch(array $calls, ?int $timeoutMs = null, bool $idempotent = false): array
    {
        return $this->client()->batch($calls, $timeoutMs, $idempotent);
    }

    public function withMeta(array $meta): static
    {
        $other = clone $this;
        $other->mine = $meta + $this->mine;
        return $other;
    }

    /** Asked for at each call: a process that forked has another one. */
    private function client(): Client
    {
        $client = Client::shared($this->endpoints, $this->options);
        self::$meta ??= new \WeakMap();
        if ((self::$meta[$client] ?? []) !== $this->mine) {
            self::$meta[$client] = $this->mine;
            $client->meta($this->mine);
        }
        return $client;
    }
}
