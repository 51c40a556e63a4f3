<?php

declare(strict_types=1);

namespace Zroute\Server;

/**
 * SIGINT and SIGTERM end a run in good order, where PHP can catch them and the
 * program does not do so itself.
 *
 * @internal
 */
final class Signals
{
    /** @param list<int> $caught */
    private function __construct(private readonly array $caught)
    {
    }

    /** @param \Closure(): void $stop */
    public static function catch(\Closure $stop): self
    {
        $caught = [];
        if (function_exists('pcntl_signal')) {
            foreach ([SIGINT, SIGTERM] as $signal) {
                if (pcntl_signal_get_handler($signal) === SIG_DFL) {
                    pcntl_signal($signal, $stop, false);
                    $caught[] = $signal;
                }
            }
        }
        return new self($caught);
    }

    public function release(): void
    {
        foreach ($this->caught as $signal) {
            pcntl_signal($signal, SIG_DFL);
        }
    }
}
