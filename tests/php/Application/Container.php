<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

use Psr\Container\ContainerInterface;

/**
 * A PSR-11 container of factories, which counts how often it was asked.
 */
final class Container implements ContainerInterface
{
    /** @var array<string, int> by id */
    public array $asked = [];

    /**
     * @param array<string, callable(): mixed> $factories
     * @param bool $silent whether it says of everything that it has it not, as some do
     */
    public function __construct(private readonly array $factories, private readonly bool $silent = false)
    {
    }

    public function get(string $id): mixed
    {
        $this->asked[$id] = ($this->asked[$id] ?? 0) + 1;
        return isset($this->factories[$id]) ? ($this->factories[$id])() : throw new NotFound("nothing is called $id");
    }

    public function has(string $id): bool
    {
        return !$this->silent && isset($this->factories[$id]);
    }
}
