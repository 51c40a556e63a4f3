<?php

declare(strict_types=1);

namespace App\Rpc;

/**
 * Only the container knows who does it.
 */
interface Arithmetic
{
    /** @param array<int> $numbers */
    public function sum(array $numbers): int;
}
