<?php

declare(strict_types=1);

namespace Zroute\Laravel\Server;

use Illuminate\Contracts\Container\Container;
use Zroute\Call;
use Zroute\Fault;
use Zroute\Middleware;

/**
 * One line for each call, to a channel of Laravel's log. An exception's trace is
 * not there: it is reported by itself.
 *
 * @internal
 */
final class CallLog implements Middleware
{
    public function __construct(private readonly Container $container, private readonly ?string $channel)
    {
    }

    public function process(Call $call, callable $next): mixed
    {
        $begun = hrtime(true);
        try {
            $answer = $next($call);
        } catch (\Throwable $e) {
            if ($e instanceof Fault) {
                $this->log('warning', $call, $begun, "was refused: $e->name", $e->getCode());
            } else {
                $this->log('error', $call, $begun, 'failed with ' . $e::class, Fault::HANDLER);
            }
            throw $e;
        }
        $this->log('info', $call, $begun, 'was answered', 0);
        return $answer;
    }

    private function log(string $level, Call $call, int $begun, string $outcome, int $code): void
    {
        try {
            $this->container->make('log')->channel($this->channel)->log($level, "zroute: $call->function $outcome", [
                'function' => $call->function,
                'dialect' => $call->dialect,
                'peer' => $call->peer,
                'ms' => round((hrtime(true) - $begun) / 1e6, 3),
                'code' => $code,
            ]);
        } catch (\Throwable $e) {
            // A full disk fails no call.
            error_log("zroute: a call of $call->function cannot be logged: {$e->getMessage()}");
        }
    }
}
