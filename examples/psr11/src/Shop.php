<?php

declare(strict_types=1);

namespace Tea;

final class Shop
{
    public function __construct(private readonly Prices $prices)
    {
    }

    public function price(string $article, int $pieces = 1): int
    {
        return $pieces * $this->prices->of($article);
    }

    /**
     * @param Basket $basket from the container: callers give the articles
     * @return array{list<string>, int} what was bought, and what it costs
     */
    public function buy(Basket $basket, string ...$articles): array
    {
        foreach ($articles as $article) {
            $basket->add($article);
        }
        return [$basket->articles(), array_sum(array_map($this->prices->of(...), $basket->articles()))];
    }
}
