<?php

declare(strict_types=1);

namespace Zroute\Middleware;

use Zroute\Call;
use Zroute\Middleware;

/**
 * How long the calls of each function took, whether they were answered or
 * failed; what lies further in counts.
 */
final class Timing implements Middleware
{
    /** @var array<string, array{calls: int, total_ms: float, max_ms: float}> by function */
    private array $times = [];
    /** @var (\Closure(string, float): mixed)|null */
    private readonly ?\Closure $tell;

    /**
     * @param (callable(string, float): mixed)|null $tell is told the function and the milliseconds after each call;
     *        then nothing is collected
     */
    public function __construct(?callable $tell = null)
    {
        $this->tell = $tell === null ? null : \Closure::fromCallable($tell);
    }

    public function process(Call $call, callable $next): mixed
    {
        $begun = hrtime(true);
        try {
            return $next($call);
        } finally {
            $this->note($call->function, (hrtime(true) - $begun) / 1e6);
        }
    }

    /** @return array<string, array{calls: int, total_ms: float, max_ms: float}> what was collected, by function */
    public function times(): array
    {
        return $this->times;
    }

    private function note(string $function, float $ms): void
    {
        if ($this->tell !== null) {
            ($this->tell)($function, $ms);
            return;
        }
        $times = $this->times[$function] ?? ['calls' => 0, 'total_ms' => 0.0, 'max_ms' => 0.0];
        $this->times[$function] = [
            'calls' => $times['calls'] + 1,
            'total_ms' => $times['total_ms'] + $ms,
            'max_ms' => max($times['max_ms'], $ms),
        ];
    }
}
