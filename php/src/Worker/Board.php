<?php

declare(strict_types=1);

namespace Zroute\Worker;

use Zroute\Server;

use function getmypid;
use function hrtime;
use function memory_get_usage;

/**
 * A page of memory, an array of integers, that a worker shares with its
 * supervisor: what both need to know of each other at once.
 *
 * @internal
 */
final class Board implements Server\Board
{
    /** The number of the call whose handler began last. */
    private const BEGUN = 1;
    /** Calls with this number or a higher one must not begin. */
    private const REVOKED = 2;
    /** This process's id, once it can be called. */
    private const PROCESS = 3;
    /** PHP's memory in bytes. */
    private const MEMORY = 4;
    /** How long handlers have run, in nanoseconds. */
    private const WORKED = 5;

    private int $begun = 0;
    /** When the first handler of the batch began, in hrtime's nanoseconds; 0 before it. */
    private int $since = 0;
    private int $worked = 0;

    /** @param object $words what Native::mapBoard() gave */
    public function __construct(private readonly object $words)
    {
    }

    public function isUp(): void
    {
        $this->words[self::PROCESS] = getmypid();
    }

    /**
     * First the note, then the look: the supervisor does it the other way
     * round, so one of the two sees what the other has written.
     */
    public function begin(int $token): bool
    {
        $this->words[self::BEGUN] = $token;
        if ($token < $this->words[self::REVOKED]) {
            $this->begun = $token;
            if ($this->since === 0) {
                $this->since = hrtime(true);
            }
            return true;
        }
        $this->words[self::BEGUN] = $this->begun;
        return false;
    }

    public function ended(): void
    {
        if ($this->since !== 0) {
            $this->worked += hrtime(true) - $this->since;
            $this->since = 0;
            $this->words[self::WORKED] = $this->worked;
        }
        $this->words[self::MEMORY] = memory_get_usage(true);
    }
}
