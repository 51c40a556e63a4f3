<?php

declare(strict_types=1);

namespace App\Rpc;

use Illuminate\Auth\Access\AuthorizationException;
use Zroute\Call;

/**
 * A middleware as Laravel has them.
 */
final class KeyRequired
{
    public function __construct(private readonly Visits $visits)
    {
    }

    public function handle(Call $call, \Closure $next, string $key): mixed
    {
        if (($call->meta['access_key'] ?? null) !== $key) {
            throw new AuthorizationException('the key does not fit');
        }
        return $next($call) . ", visit {$this->visits->count()}";
    }
}
