<?php

declare(strict_types=1);

namespace Zroute\Server;

use Zroute\Call;
use Zroute\Handler;
use Zroute\Middleware;

/**
 * A function that wants its calls with all that is known of them: middleware,
 * the first outermost, around a handler.
 *
 * @internal
 */
final class Chain
{
    /** @var \Closure(Call): mixed */
    private readonly \Closure $outermost;

    /** @param list<Middleware> $around */
    public function __construct(private readonly string $function, Handler $handler, array $around)
    {
        $next = $handler->withCall();
        foreach (array_reverse($around) as $middleware) {
            $next = static fn (Call $call): mixed => $middleware->process($call, $next);
        }
        $this->outermost = $next;
    }

    /**
     * The handler for calls that came in a row.
     *
     * @param int $deadline when their callers give up, in hrtime's nanoseconds; PHP_INT_MAX for never
     * @return \Closure(array{mixed, array<mixed>|null, string, string}): mixed takes parameters, meta, peer and dialect
     */
    public function until(int $deadline): \Closure
    {
        $until = $deadline === PHP_INT_MAX ? null : $deadline;
        return function (array $given) use ($until): mixed {
            [$parameters, $meta, $peer, $dialect] = $given;
            return ($this->outermost)(new Call($this->function, $parameters, $meta ?? [], $peer, $dialect, $until));
        };
    }
}
