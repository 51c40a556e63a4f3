<?php

declare(strict_types=1);

namespace Tea;

use Zroute\Call;
use Zroute\Middleware;

/**
 * Forgets what a call has left behind.
 */
final class Fresh implements Middleware
{
    public function __construct(private readonly Basket $basket)
    {
    }

    public function process(Call $call, callable $next): mixed
    {
        try {
            return $next($call);
        } finally {
            $this->basket->reset();
        }
    }
}
