<?php

declare(strict_types=1);

namespace Tea;

/**
 * What one call puts together; the next one begins with none.
 */
final class Basket
{
    /** @var list<string> */
    private array $articles = [];

    public function add(string $article): void
    {
        $this->articles[] = $article;
    }

    /** @return list<string> */
    public function articles(): array
    {
        return $this->articles;
    }

    public function reset(): void
    {
        $this->articles = [];
    }
}
