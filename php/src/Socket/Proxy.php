<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Exception\ForkedHandle;
use Zroute\Exception\NativeError;
use Zroute\Exception\SocketClosed;
use Zroute\Native;
use Zroute\Socket;
use Zroute\Status;

/**
 * Passes messages on between two sockets, both ways, without PHP in between:
 * Router and Dealer for requests, XSubscriber and XPublisher for news, Pull
 * and Push for work.
 *
 *     (new Proxy(new Router(bind: 'tcp://*:5555'), new Dealer(bind: 'tcp://*:5556')))->run();
 */
final class Proxy
{
    /** How long to wait before looking for signals again: one may come just before a wait. */
    private const SLICE_MS = 250;

    private readonly Native $native;
    private bool $stopping = false;

    /**
     * @param Socket|null $capture gets a copy of everything: a Publisher, Push or Pair
     * @param Socket|null $control does as it is told by what it receives: PAUSE, RESUME or TERMINATE; with STATISTICS
     *        it answers eight numbers of 8 bytes
     */
    public function __construct(
        private readonly Socket $front,
        private readonly Socket $back,
        private readonly ?Socket $capture = null,
        private readonly ?Socket $control = null,
    ) {
        $this->native = Native::get();
    }

    /**
     * Passes messages on until stop(), TERMINATE, or the end of the context.
     *
     * @throws SocketClosed when one of the sockets was closed
     * @throws ForkedHandle|NativeError
     */
    public function run(): void
    {
        while (!$this->stopping) {
            $status = $this->native->proxy(
                $this->front->handle(),
                $this->back->handle(),
                $this->capture?->handle() ?? 0,
                $this->control?->handle() ?? 0,
                self::SLICE_MS
            );
            if ($status === Status::STOPPED) {
                return;
            }
            if ($status !== Status::TIMEOUT && $status !== Status::INTERRUPTED) {
                throw Native::exception($status, $this->native->lastError());
            }
            if (function_exists('pcntl_signal_dispatch')) {
                pcntl_signal_dispatch();
            }
        }
        $this->stopping = false;
    }

    /** Ends run(), or the next one; for signal handlers. */
    public function stop(): void
    {
        $this->stopping = true;
    }

    /**
     * For var_dump() and print_r().
     *
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        return [
            'front' => $this->front,
            'back' => $this->back,
            'capture' => $this->capture,
            'control' => $this->control,
        ];
    }

    private function __clone()
    {
    }
}
