<?php

declare(strict_types=1);

namespace Zroute\Handler;

/**
 * What is called in the end, and how it is declared.
 *
 * @internal
 */
final class Target
{
    private function __construct(
        public readonly \Closure $closure,
        public readonly \ReflectionFunctionAbstract $declared,
    ) {
    }

    public static function callable(callable $handler): self
    {
        $closure = \Closure::fromCallable($handler);
        return new self($closure, new \ReflectionFunction($closure));
    }

    /** A method of an object that is asked for at each call. */
    public static function method(Instances $instances, string $id, \ReflectionMethod $method): self
    {
        $name = $method->getName();
        return new self(
            static fn (mixed ...$arguments): mixed => $instances->get($id)->$name(...$arguments),
            $method
        );
    }
}
