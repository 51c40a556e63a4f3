<?php

declare(strict_types=1);

namespace App\Rpc;

/**
 * Counts how often it was asked.
 */
final class Visits
{
    private int $count = 0;

    public function count(): int
    {
        return ++$this->count;
    }
}
