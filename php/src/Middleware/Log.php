<?php

declare(strict_types=1);

namespace Zroute\Middleware;

use Psr\Log\LoggerInterface;
use Zroute\Call;
use Zroute\Fault;
use Zroute\Middleware;

/**
 * One line for each call, to a PSR-3 logger: the function, who called, how long
 * it took, and how it ended.
 *
 * The record's context has them too: function, peer, ms, outcome, and exception
 * where there was one. Parameters and answers are not logged.
 */
final class Log implements Middleware
{
    /**
     * @param string $answered the level of calls that were answered
     * @param string $failed the level of those that were not
     */
    public function __construct(
        private readonly LoggerInterface $logger,
        private readonly string $answered = 'info',
        private readonly string $failed = 'warning',
    ) {
    }

    public function process(Call $call, callable $next): mixed
    {
        $begun = hrtime(true);
        try {
            $answer = $next($call);
        } catch (\Throwable $e) {
            $outcome = $e instanceof Fault ? "fault {$e->getCode()} $e->name" : 'failed with ' . $e::class;
            $this->log($this->failed, $call, $begun, $outcome, ['exception' => $e]);
            throw $e;
        }
        $this->log($this->answered, $call, $begun, 'answered', []);
        return $answer;
    }

    /** @param array<string, mixed> $more */
    private function log(string $level, Call $call, int $begun, string $outcome, array $more): void
    {
        $ms = round((hrtime(true) - $begun) / 1e6, 3);
        $peer = $call->peer === '' ? 'somebody' : $call->peer;
        $this->logger->log($level, "zroute: $call->function for $peer: $outcome, $ms ms", [
            'function' => $call->function,
            'peer' => $call->peer,
            'ms' => $ms,
            'outcome' => $outcome,
        ] + $more);
    }
}
