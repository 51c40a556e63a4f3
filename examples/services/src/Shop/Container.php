<?php

declare(strict_types=1);

namespace Shop;

use Psr\Container\ContainerInterface;

/**
 * A small container: each object is made once, when it is asked for.
 */
final class Container implements ContainerInterface
{
    /** @var array<string, object> */
    private array $made = [];

    /** @param array<string, \Closure(self): object> $factories */
    public function __construct(private readonly array $factories)
    {
    }

    public function get(string $id): object
    {
        return $this->made[$id] ??= isset($this->factories[$id])
            ? ($this->factories[$id])($this)
            : throw new NotFound("the container has no $id");
    }

    public function has(string $id): bool
    {
        return isset($this->factories[$id]);
    }
}
