<?php

declare(strict_types=1);

namespace Zroute\Server;

use Psr\Log\LoggerInterface;
use Zroute\Fault;
use Zroute\Handler;
use Zroute\Native;

/**
 * Tells callers why their calls failed, and the log what it should know.
 *
 * @internal
 */
final class Failures
{
    /** The library's own faults, which Fault has not, as no handler may say so. */
    private const SHUTTING_DOWN = -32005;
    private const CANCELLED = -32006;

    /** @param bool $details whether callers see the class and message of an exception */
    public function __construct(
        private readonly Native $native,
        private readonly object $handle,
        private readonly ?LoggerInterface $logger,
        private readonly bool $details,
    ) {
    }

    /** The handler of a call threw. A Fault is meant for the caller; anything else is for the log too. */
    public function thrown(int $token, string $function, \Throwable $e): void
    {
        $fault = $e instanceof \TypeError ? Handler::mismatch($e) ?? $e : $e;
        if ($fault instanceof Fault) {
            $this->tell($token, $fault->getCode(), $fault->name, $fault->getMessage());
        } else {
            $this->unexpected($token, "$function failed", $e);
        }
    }

    /** Something went wrong that neither the caller nor the handler meant. */
    public function unexpected(int $token, string $what, \Throwable $e): void
    {
        $this->log($what, $e);
        if ($this->details) {
            $this->tell($token, Fault::HANDLER, strtok($e::class, "\0") ?: 'Error', $e->getMessage());
        } else {
            $this->tell($token, Fault::HANDLER, 'HandlerFailed', 'the handler failed');
        }
    }

    /** The process ends while a handler runs: by exit(), or by an error that PHP remembers. */
    public function processEnded(int $token): void
    {
        $error = error_get_last();
        $fatal = $error !== null && ($error['type'] & (E_ERROR | E_COMPILE_ERROR | E_CORE_ERROR)) !== 0;
        $message = 'the handler ended the process' . ($fatal && $this->details ? ": {$error['message']}" : '');
        $memory = $fatal && str_starts_with($error['message'], 'Allowed memory size');
        $this->tell($token, Fault::HANDLER, $memory ? 'OutOfMemory' : 'HandlerFailed', $message);
    }

    public function tooLate(int $token): void
    {
        $this->tell($token, Fault::DEADLINE, 'DeadlineExceeded', 'the deadline passed while the call waited');
    }

    public function shuttingDown(int $token): void
    {
        $this->tell($token, self::SHUTTING_DOWN, 'ShuttingDown', 'the server shuts down');
    }

    /** The server stops in the middle of a stream. */
    public function stopped(int $token): void
    {
        $this->tell($token, self::CANCELLED, 'Cancelled', 'the server stopped before the stream ended');
    }

    /** Something went wrong that no caller is there to be told of. */
    public function late(string $what, \Throwable $e): void
    {
        $this->log($what, $e);
    }

    public function takenBack(int $token): void
    {
        $this->tell($token, self::CANCELLED, 'Cancelled', 'taken back');
    }

    /** A call that has ended meanwhile, or is another process's, needs no fault. */
    private function tell(int $token, int $code, string $name, string $message): void
    {
        $this->native->fail($this->handle, $token, $code, $name, $message);
    }

    private function log(string $what, \Throwable $e): void
    {
        if ($this->logger !== null) {
            $this->logger->error("zroute: $what", ['exception' => $e]);
        } else {
            $line = sprintf(
                'zroute: %s: %s: %s in %s:%d',
                $what,
                $e::class,
                $e->getMessage(),
                $e->getFile(),
                $e->getLine()
            );
            // error_log() ends at a NUL, and the name of an anonymous class has one.
            error_log(str_replace("\0", ' ', $line));
        }
    }
}
