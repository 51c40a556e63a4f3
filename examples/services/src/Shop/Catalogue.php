<?php

declare(strict_types=1);

namespace Shop;

use Zroute\Middleware\Valid;

/**
 * Knows what the articles cost.
 */
final class Catalogue
{
    /** @param array<string, int> $prices cents by article */
    public function __construct(private array $prices)
    {
    }

    public function price(string $article): ?int
    {
        return $this->prices[$article] ?? null;
    }

    /** Makes everything dearer. */
    public function raise(#[Valid(min: 0, max: 10)] int $percent): void
    {
        foreach ($this->prices as $article => $cents) {
            $this->prices[$article] = intdiv($cents * (100 + $percent), 100);
        }
    }
}
