<?php

declare(strict_types=1);

namespace Zroute\Server;

/**
 * A call that a generator answers, item by item.
 *
 * @internal
 */
final class Stream
{
    /** How many more items the caller takes now. The first one always has room. */
    public int $room = 1;
    /** Whether the generator has been asked for its first item. */
    public bool $begun = false;

    /** @param \Generator<mixed>|null $items null when it has ended */
    public function __construct(
        public readonly int $token,
        public readonly string $function,
        public ?\Generator $items,
    ) {
    }

    /** Destroys the generator; what it has in a finally block may throw. */
    public function end(): void
    {
        $this->items = null;
    }
}
