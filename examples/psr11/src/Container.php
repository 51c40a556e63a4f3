<?php

declare(strict_types=1);

namespace Tea;

use Psr\Container\ContainerInterface;

/**
 * A small container: it is told how to make some objects, and finds out for the
 * others what their constructors want. Each is made once.
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
        return $this->made[$id] ??= isset($this->factories[$id]) ? ($this->factories[$id])($this) : $this->make($id);
    }

    public function has(string $id): bool
    {
        return isset($this->factories[$id]) || (class_exists($id) && (new \ReflectionClass($id))->isInstantiable());
    }

    private function make(string $id): object
    {
        if (!$this->has($id)) {
            throw new NotFound("the container has no $id");
        }
        $arguments = [];
        foreach ((new \ReflectionClass($id))->getConstructor()?->getParameters() ?? [] as $parameter) {
            $arguments[] = $this->get((string) $parameter->getType());
        }
        return new $id(...$arguments);
    }
}
