<?php

declare(strict_types=1);

namespace Tea;

final class Prices
{
    /** @param array<string, int> $cents by article */
    public function __construct(private readonly array $cents)
    {
    }

    public function of(string $article): int
    {
        return $this->cents[$article] ?? throw new \Zroute\Fault(1, "we have no $article", 'NotSold');
    }
}
