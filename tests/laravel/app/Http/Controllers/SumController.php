<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use App\Rpc\Arithmetic;

/**
 * What the seed's client calls.
 */
final class SumController
{
    public function __construct(private readonly Arithmetic $arithmetic)
    {
    }

    public function plus(array $data): int
    {
        return $this->arithmetic->sum($data);
    }
}
