<?php

declare(strict_types=1);

namespace Zroute\Bench;

/** A small object, as programs pack them. */
final class Item
{
    public string $name;
    protected float $price;
    /** @var list<string> */
    private array $tags = ['a', 'b'];

    public function __construct(public int $id)
    {
        $this->name = "item $id";
        $this->price = $id / 4;
    }
}
