<?php

declare(strict_types=1);

namespace Zroute\Server;

/**
 * Where a worker process notes what it does, for its supervisor to read.
 *
 * @internal
 */
interface Board
{
    /**
     * Called right before the handler of a call.
     *
     * @param int $token the supervisor's number of the call
     * @return bool false when the call was taken back: it is not run, and answered with -32006
     */
    public function begin(int $token): bool;

    /** Called when the calls of a batch are done, before the next are taken. */
    public function ended(): void;
}
