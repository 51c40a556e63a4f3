<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\RemoteError;
use Zroute\Exception\Timeout;

/**
 * A stream that Client::stream() has begun. It is closed when nobody has it any more.
 *
 * @internal for Client
 */
final class PendingStream
{
    private const LOOK_NS = 20_000_000;
    private const NS_IN_MS = 1_000_000;

    private readonly int $begun;

    /** @var list<mixed> items that have come, from $next on */
    private array $items = [];
    private int $next = 0;
    /** How it ended; null before. */
    private ?int $status = null;
    /** What a fault consists of, or the text of a failure. */
    private mixed $failure = null;

    public function __construct(
        private readonly Client $client,
        private readonly int $number,
        private readonly string $function,
        /** How long it may take as a whole; null for any time. */
        private readonly ?int $totalMs,
    ) {
        $this->begun = hrtime(true);
    }

    /** @return \Generator<int, mixed, mixed, void> */
    public function items(): \Generator
    {
        while (true) {
            $looked = hrtime(true);
            while ($this->next < count($this->items)) {
                yield $this->items[$this->next++];
                // The server is to hear that there is somebody yet, however long the loop takes for each.
                $now = hrtime(true);
                if ($now - $looked > self::LOOK_NS) {
                    $looked = $now;
                    $this->client->poll();
                }
            }
            $this->items = [];
            $this->next = 0;
            if ($this->status !== null) {
                break;
            }
            $this->client->waitForItems($this->number, $this->timeLeft());
        }
        match ($this->status) {
            Status::END => null,
            Status::FAULT => throw RemoteError::fromFault($this->function, ...$this->failure),
            default => throw Native::exception($this->status, $this->failure),
        };
    }

    /** @return int|null in ms; null for any time */
    private function timeLeft(): ?int
    {
        if ($this->totalMs === null) {
            return null;
        }
        $left = $this->totalMs - intdiv(hrtime(true) - $this->begun, self::NS_IN_MS);
        if ($left <= 0) {
            throw new Timeout("$this->function has given items for $this->totalMs ms, and not come to its end");
        }
        return $left;
    }

    /** @return bool whether this was its end */
    public function settle(int $status, mixed $value): bool
    {
        if ($status === Status::OK) {
            $this->items[] = $value;
            return false;
        }
        $this->status = $status;
        $this->failure = $value;
        return true;
    }

    public function __destruct()
    {
        if ($this->status !== Status::END) {
            $this->client->closeStream($this->number);
        }
    }

    private function __clone()
    {
    }
}
