<?php

declare(strict_types=1);

namespace Zroute\Tests\servers;

use Psr\Log\LoggerInterface;

/**
 * Keeps what was logged.
 */
final class RecordingLogger implements LoggerInterface
{
    /** @var list<array{string, string, string}> level, message, what the exception says */
    public array $records = [];
    /** @var list<array<mixed>> */
    public array $contexts = [];

    public function emergency(string|\Stringable $message, array $context = []): void
    {
        $this->log('emergency', $message, $context);
    }

    public function alert(string|\Stringable $message, array $context = []): void
    {
        $this->log('alert', $message, $context);
    }

    public function critical(string|\Stringable $message, array $context = []): void
    {
        $this->log('critical', $message, $context);
    }

    public function error(string|\Stringable $message, array $context = []): void
    {
        $this->log('error', $message, $context);
    }

    public function warning(string|\Stringable $message, array $context = []): void
    {
        $this->log('warning', $message, $context);
    }

    public function notice(string|\Stringable $message, array $context = []): void
    {
        $this->log('notice', $message, $context);
    }

    public function info(string|\Stringable $message, array $context = []): void
    {
        $this->log('info', $message, $context);
    }

    public function debug(string|\Stringable $message, array $context = []): void
    {
        $this->log('debug', $message, $context);
    }

    public function log($level, string|\Stringable $message, array $context = []): void
    {
        $exception = $context['exception'] ?? null;
        $this->records[] = [(string) $level, (string) $message, (string) $exception?->getMessage()];
        $this->contexts[] = $context;
    }
}
