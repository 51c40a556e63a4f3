<?php

declare(strict_types=1);

namespace Zroute\Laravel\Server;

use Zroute\Middleware;

/**
 * A function, or the functions of a class, as routes/rpc.php says them.
 */
final class Procedure
{
    /**
     * @internal
     * @param list<string|callable|Middleware> $middleware the outermost first
     */
    public function __construct(
        public readonly string $name,
        public readonly mixed $handler,
        private array $middleware,
    ) {
    }

    /**
     * Puts middleware around it, inside that of its groups.
     *
     * @param string|callable|Middleware ...$middleware the outermost first: classes or ids of the container, with
     *        parameters behind a colon as Laravel has them, 'App\Rpc\Key:sesame'; or what Server::middleware() takes
     */
    public function middleware(string|callable|Middleware ...$middleware): static
    {
        array_push($this->middleware, ...array_values($middleware));
        return $this;
    }

    /** @return list<string|callable|Middleware> */
    public function around(): array
    {
        return $this->middleware;
    }
}
