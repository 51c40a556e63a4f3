<?php

declare(strict_types=1);

namespace Zroute\Server;

use Zroute\Bridge;
use Zroute\Exception\InvalidValue;
use Zroute\Fault;
use Zroute\Native;
use Zroute\Status;

use function hrtime;

/**
 * The generators that answer calls. Each is asked for an item only when its caller
 * takes one, and a few items at a time, so that nobody waits for a long one.
 *
 * @internal
 */
final class Streams
{
    /** Items that one generator gives before the next has its turn. */
    private const ITEMS = 32;
    /** How long one turn of all of them takes, unless a single item takes longer. */
    private const TURN_NS = 1_000_000;

    private readonly Bridge $bridge;
    /**
     * Those that can go on: their callers take more. The loop looks at it in every
     * turn, and a method call would be a part of what a call costs.
     *
     * @var array<int, Stream> by token
     */
    public array $ready = [];
    /** @var array<int, Stream> by token: those whose callers have to say so first */
    private array $waiting = [];
    /** The one that runs. */
    private ?Stream $current = null;

    public function __construct(
        private readonly Native $native,
        private readonly object $handle,
        private readonly Failures $failures,
    ) {
        $this->bridge = $native->values();
    }

    /** @param \Generator<mixed> $items */
    public function add(int $token, string $function, \Generator $items): void
    {
        $this->ready[$token] = new Stream($token, $function, $items);
    }

    /** A caller takes more. */
    public function resume(int $token, int $room): void
    {
        $stream = $this->waiting[$token] ?? null;
        if ($stream !== null) {
            $stream->room = $room;
            unset($this->waiting[$token]);
            $this->ready[$token] = $stream;
        }
    }

    /** A caller has gone: its generator is destroyed, and what it has in a finally block runs. */
    public function callerHasGone(int $token): void
    {
        $stream = $this->waiting[$token] ?? $this->ready[$token] ?? null;
        unset($this->waiting[$token], $this->ready[$token]);
        if ($stream !== null) {
            $this->destroy($stream);
        }
    }

    /** Lets each that can go on go on a little. */
    public function advance(): void
    {
        if ($this->current !== null) {
            // One of them serves calls itself; it cannot go on before it is back.
            return;
        }
        $end = hrtime(true) + self::TURN_NS;
        foreach ($this->ready as $token => $stream) {
            if (!isset($this->ready[$token])) {
                // Its caller was found to have gone while another one served calls.
                continue;
            }
            // Behind the others for the next turn.
            unset($this->ready[$token]);
            $this->current = $stream;
            try {
                $goesOn = $this->run($stream, $end);
            } finally {
                $this->current = null;
            }
            if (!$goesOn) {
                $this->destroy($stream);
            } elseif ($stream->room > 0) {
                $this->ready[$token] = $stream;
            } else {
                $this->waiting[$token] = $stream;
            }
            if (hrtime(true) > $end) {
                return;
            }
        }
    }

    /** @return bool whether there may be more items */
    private function run(Stream $stream, int $end): bool
    {
        $items = $stream->items;
        try {
            for ($left = self::ITEMS; $left > 0 && $stream->room > 0; $left--) {
                if ($stream->begun) {
                    $items->next();
                }
                $stream->begun = true;
                if (!$items->valid()) {
                    $this->check($this->native->endStream($this->handle, $stream->token));
                    return false;
                }
                $room = $this->bridge->stream($this->handle, $stream->token, $items->current());
                if ($room < 0) {
                    $this->check(-$room);
                    return false;
                }
                $stream->room = $room;
                if (hrtime(true) > $end) {
                    break;
                }
            }
        } catch (\Throwable $e) {
            $this->failures->thrown($stream->token, $stream->function, $e);
            return false;
        }
        return true;
    }

    /** @param int $status a caller that has gone is no failure */
    private function check(int $status): void
    {
        if ($status !== Status::OK && $status !== Status::UNKNOWN_CALL) {
            throw $status === Status::TOO_LARGE
                ? new Fault(Fault::TOO_LARGE, $this->native->lastError())
                : new InvalidValue($this->native->lastError());
        }
    }

    /** The server stops: callers are told that theirs ended before the end. */
    public function stop(): void
    {
        $streams = $this->ready + $this->waiting;
        $this->ready = $this->waiting = [];
        foreach ($streams as $stream) {
            $this->failures->stopped($stream->token);
            $this->destroy($stream);
        }
    }

    /** @return list<int> the calls that have not ended */
    public function tokens(): array
    {
        return [...array_keys($this->ready + $this->waiting), ...(array) $this->current?->token];
    }

    private function destroy(Stream $stream): void
    {
        try {
            $stream->end();
        } catch (\Throwable $e) {
            $this->failures->late("$stream->function failed in its end", $e);
        }
    }
}
