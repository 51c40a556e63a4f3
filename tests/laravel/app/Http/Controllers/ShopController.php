<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use App\Rpc\Prices;
use App\Rpc\Visits;
use Illuminate\Contracts\Validation\Factory;

/**
 * The container makes it, with what its constructor and its methods want.
 */
final class ShopController
{
    public function __construct(private readonly Prices $prices)
    {
    }

    public function price(string $article, Visits $visits, int $pieces = 1): array
    {
        return [$pieces * $this->prices->of($article), $visits->count()];
    }

    public function order(array $order, Factory $validation): string
    {
        $validation->make($order, ['article' => 'required|string', 'pieces' => 'required|integer|min:1'])->validate();
        return "{$order['pieces']} {$order['article']}";
    }
}
