<?php

declare(strict_types=1);

namespace Zroute\Tests\Process;

use Zroute\Client;

/**
 * A server of servers/, in a process of its own. Its first line names the
 * endpoint that it has bound.
 */
final class ServerProcess
{
    private const PATIENCE_MS = 60_000;

    public readonly string $endpoint;

    public function __construct(public readonly ChildProcess $process)
    {
        $this->endpoint = $process->readLine();
    }

    /** @param array<string, int|string|bool> $options */
    public function client(array $options = []): Client
    {
        return new Client($this->endpoint, $options + ['timeout_ms' => self::PATIENCE_MS]);
    }

    /**
     * A client whose calls leave at once.
     *
     * @param array<string, int|string|bool> $options
     */
    public function connectedClient(array $options = []): Client
    {
        $client = $this->client($options);
        $client->call('plus', [1, 2], self::PATIENCE_MS);
        return $client;
    }

    /**
     * Waits until what this process has sent lies in the queue of the server,
     * which is busy meanwhile: nothing is in the kernel, and libzmq's threads
     * sleep on both sides.
     */
    public function awaitArrival(): void
    {
        $deadline = microtime(true) + self::PATIENCE_MS / 1000;
        do {
            if (microtime(true) > $deadline) {
                throw new \RuntimeException("what was sent to $this->endpoint does not arrive");
            }
            $arrived = self::threadsSleep((int) getmypid())
                && $this->kernelIsEmpty()
                && self::threadsSleep($this->process->pid)
                && self::threadsSleep((int) getmypid());
        } while (!$arrived);
    }

    private static function threadsSleep(int $process): bool
    {
        foreach (glob("/proc/$process/task/*/stat") ?: [] as $file) {
            $stat = (string) @file_get_contents($file);
            if (preg_match('~\(ZMQbg/IO/\d+\) (\w)~', $stat, $match) === 1 && $match[1] !== 'S') {
                return false;
            }
        }
        return true;
    }

    private function kernelIsEmpty(): bool
    {
        $port = sprintf(':%04X ', (int) substr((string) strrchr($this->endpoint, ':'), 1));
        foreach (file('/proc/net/tcp') ?: [] as $line) {
            if (str_contains($line, $port) && !str_contains($line, ' 00000000:00000000 ')) {
                return false;
            }
        }
        return true;
    }
}
