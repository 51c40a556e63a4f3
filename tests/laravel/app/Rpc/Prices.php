<?php

declare(strict_types=1);

namespace App\Rpc;

/**
 * Only the container can make it.
 */
final class Prices
{
    /** @param array<string, int> $cents by article */
    public function __construct(private readonly array $cents)
    {
    }

    public function of(string $article): int
    {
        return $this->cents[$article];
    }
}
