<?php

declare(strict_types=1);

namespace Zroute\Laravel\Server;

use Zroute\Middleware;

/**
 * What procedures have in common: Rpc::prefix('admin')->middleware(Admin::class)->group(fn () => …).
 */
final class Group
{
    /**
     * @internal
     * @param list<string|callable|Middleware> $middleware
     */
    public function __construct(
        private readonly Procedures $procedures,
        public readonly string $prefix = '',
        public readonly array $middleware = [],
    ) {
    }

    /** Functions are called prefix.name. */
    public function prefix(string $prefix): self
    {
        return new self($this->procedures, self::join($this->prefix, $prefix), $this->middleware);
    }

    /** @param string|callable|Middleware ...$middleware as Procedure::middleware() takes them */
    public function middleware(string|callable|Middleware ...$middleware): self
    {
        return new self($this->procedures, $this->prefix, [...$this->middleware, ...array_values($middleware)]);
    }

    /** @param \Closure(): mixed $routes says what belongs to the group; groups within groups add up */
    public function group(\Closure $routes): void
    {
        $this->procedures->within($this, $routes);
    }

    /** @internal */
    public function inside(self $outer): self
    {
        return new self(
            $this->procedures,
            self::join($outer->prefix, $this->prefix),
            [...$outer->middleware, ...$this->middleware],
        );
    }

    /** @internal */
    public static function join(string $prefix, string $name): string
    {
        return $prefix === '' || $name === '' ? $prefix . $name : "$prefix.$name";
    }
}
