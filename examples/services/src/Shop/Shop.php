<?php

declare(strict_types=1);

namespace Shop;

use Zroute\Call;
use Zroute\Fault;
use Zroute\Middleware\Valid;

/**
 * A service: its public methods are functions.
 */
final class Shop
{
    public function __construct(private readonly Catalogue $catalogue)
    {
    }

    /** What some pieces of an article cost, in cents. */
    public function price(string $article, #[Valid(min: 1, max: 99)] int $pieces = 1): int
    {
        return $pieces * ($this->catalogue->price($article) ?? throw new Fault(1, "we have no $article", 'NotSold'));
    }

    /**
     * Orders something; the caller says in its meta for whom.
     *
     * @return array<string, mixed>
     */
    public function order(Call $call, string $article, #[Valid(min: 1, max: 99)] int $pieces = 1): array
    {
        return [
            'for' => $call->meta['customer'],
            'article' => $article,
            'cents' => $this->price($article, $pieces),
        ];
    }
}
