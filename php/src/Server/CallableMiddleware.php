<?php

declare(strict_types=1);

namespace Zroute\Server;

use Zroute\Call;
use Zroute\Middleware;

/**
 * @internal
 */
final class CallableMiddleware implements Middleware
{
    /** @param \Closure(Call, callable): mixed $middleware */
    public function __construct(private readonly \Closure $middleware)
    {
    }

    public function process(Call $call, callable $next): mixed
    {
        return ($this->middleware)($call, $next);
    }
}
