<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use Zroute\Client;
use Zroute\Tests\Process\ServerProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * A child of the server cannot disturb it.
 */
final class ForkTest extends ProcessTestCase
{
    private ServerProcess $server;
    private Client $client;

    protected function setUp(): void
    {
        $this->server = $this->serve('forking');
        $this->client = $this->server->connectedClient();
    }

    /** @return iterable<array{string, int}> */
    public static function ends(): iterable
    {
        yield 'exits, with destructors' => ['exits', 3];
        yield 'is killed, without destructors' => ['is_killed', 128 + SIGKILL];
        yield 'runs out of memory' => ['runs_out_of_memory', 255];
        yield 'uses the server, which it may not' => ['uses_the_server', 0];
        yield 'destroys the server' => ['unsets_the_server', 0];
        yield 'makes a server and a client of its own' => ['makes_its_own', 42];
    }

    /** @dataProvider ends */
    public function testTheParentServesOnWhenAChild(string $function, int $exitCode): void
    {
        for ($i = 0; $i < 3; $i++) {
            self::assertSame($exitCode, $this->client->call($function));
            self::assertSame(3, $this->client->call('plus', [1, 2]));
        }
        self::assertSame(0, $this->client->counters()['unmatched'], 'the child has answered nobody');
    }

    public function testAChildCanCallItsParent(): void
    {
        $child = $this->client->call('calls_later');
        $deadline = microtime(true) + 20;
        do {
            $exitCode = $this->client->call('reap_if_ended', [$child]);
        } while ($exitCode === null && microtime(true) < $deadline);
        self::assertSame(42, $exitCode);
    }

    /** @return iterable<array{string}> */
    public static function returning(): iterable
    {
        yield ['returns'];
        yield ['throws'];
    }

    /** @dataProvider returning */
    public function testAChildThatComesBackFromItsHandlerRunsNoOtherCall(string $function): void
    {
        $parent = $this->server->process->pid;
        for ($i = 0; $i < 5; $i++) {
            $gate = $this->client->async('gate');
            $fork = $this->client->async($function);
            $processes = [];
            for ($n = 0; $n < 20; $n++) {
                $processes[] = $this->client->async('process');
            }
            $this->server->awaitArrival();
            $this->server->process->write("go\n");
            $gate->await();
            $child = $fork->await();
            self::assertIsInt($child, 'the parent has answered');
            self::assertSame([$parent], array_unique($this->client->await(...$processes)));
            self::assertSame(42, $this->client->call('reap', [$child]));
        }
        $errors = $this->server->process->errors();
        self::assertSame(5, substr_count($errors, 'run() in the child: '));
        self::assertSame(100, substr_count($errors, "ran in $parent\n"));
        self::assertSame(100, substr_count($errors, 'ran in '), 'no child ran one');
        self::assertSame(0, $this->client->counters()['unmatched']);
    }
}
