<?php

declare(strict_types=1);

namespace Zroute\Tests;

use PHPUnit\Framework\TestCase;
use Zroute\Exception\RemoteError;
use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\Process\ServerProcess;

/**
 * A test with other processes, which end with it.
 */
abstract class ProcessTestCase extends TestCase
{
    /** @var list<ChildProcess> */
    private array $processes = [];

    protected function tearDown(): void
    {
        foreach ($this->processes as $process) {
            $process->kill();
        }
        $this->processes = [];
    }

    protected function own(ChildProcess $process): ChildProcess
    {
        return $this->processes[] = $process;
    }

    /**
     * Starts a script of servers/.
     *
     * @param array<string, mixed> $options of the server
     * @param array<string, string> $settings of its PHP
     */
    protected function serve(string $script = 'functions', array $options = [], array $settings = []): ServerProcess
    {
        $path = __DIR__ . "/servers/$script.php";
        return new ServerProcess($this->own(ChildProcess::php($path, [json_encode((object) $options)], $settings)));
    }

    /** Starts a script of clients/. */
    protected function startClient(string $script, ServerProcess $server, string ...$arguments): ChildProcess
    {
        return $this->own(ChildProcess::php(__DIR__ . "/clients/$script.php", [$server->endpoint, ...$arguments]));
    }

    /** What a failed call throws. */
    protected function failure(callable $call): RemoteError
    {
        try {
            $answer = $call();
        } catch (RemoteError $e) {
            return $e;
        }
        self::fail('expected a RemoteError, got the answer ' . var_export($answer, true));
    }
}
