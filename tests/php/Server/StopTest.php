<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use Zroute\Tests\Process\RawCaller;
use Zroute\Tests\ProcessTestCase;

/**
 * How run() ends.
 */
final class StopTest extends ProcessTestCase
{
    public function testStopInAHandlerEndsRunAfterItsAnswer(): void
    {
        $server = $this->serve('running');
        self::assertSame('stopping', $server->client()->call('stop'));
        self::assertSame("run() returned; SIGTERM is as before\n", $server->process->readAll());
        self::assertSame(0, $server->process->wait());
        self::assertSame('', $server->process->errors());
    }

    public function testCallsBehindAStopAreToldThatTheServerShutsDown(): void
    {
        $server = $this->serve('running');
        $client = new RawCaller($server->endpoint);
        $gate = $client->begin('gate');
        $before = $client->begin('plus', [1, 2]);
        $stop = $client->begin('stop');
        $behind = [];
        for ($i = 0; $i < 100; $i++) {
            $behind[] = $client->begin('plus', [$i]);
        }
        $server->awaitArrival();
        $server->process->write("go\n");
        self::assertSame(['go', 3, 'stopping'], array_map($client->await(...), [$gate, $before, $stop]));
        foreach ($behind as $call) {
            self::assertSame(-32005, $client->failure($call)['code']);
        }
        self::assertSame(0, $server->process->wait());
    }

    public function testAServerMayLoseItsLastNameWhileItRuns(): void
    {
        $server = $this->serve('running');
        $client = $server->connectedClient();
        self::assertSame('unloaded', $client->call('unloads'));
        self::assertSame(3, $client->call('plus', [1, 2]));
    }

    /** @return iterable<array{int}> */
    public static function signals(): iterable
    {
        yield 'SIGTERM' => [SIGTERM];
        yield 'SIGINT' => [SIGINT];
    }

    /** @dataProvider signals */
    public function testASignalEndsRunAfterTheCallThatIsServed(int $signal): void
    {
        foreach ([false, true] as $async) {
            $server = $this->serve('running', ['async' => $async]);
            $client = new RawCaller($server->endpoint);
            $gate = $client->begin('gate');
            $behind = $client->begin('plus', [1]);
            $server->awaitArrival();
            $server->process->signal($signal);
            $server->process->write("answered\n");
            self::assertSame('answered', $client->await($gate));
            self::assertSame(-32005, $client->failure($behind)['code']);
            self::assertSame("run() returned; SIGTERM is as before\n", $server->process->readAll());
            self::assertSame(0, $server->process->wait());
            self::assertSame('', $server->process->errors());
        }
    }

    /** @dataProvider signals */
    public function testASignalEndsRunWhileItWaits(int $signal): void
    {
        $server = $this->serve('running');
        $server->connectedClient();
        $server->process->signal($signal);
        self::assertSame(0, $server->process->wait());
        self::assertSame("run() returned; SIGTERM is as before\n", $server->process->readAll());
    }

    public function testAProgramsOwnHandlerForSigtermStays(): void
    {
        $server = $this->serve('running', ['async' => false, 'signals' => [SIGTERM]]);
        $client = $server->connectedClient();
        $server->process->signal(SIGTERM);
        self::assertSame('signal ' . SIGTERM, $server->process->readLine());
        self::assertSame(3, $client->call('plus', [1, 2]));
        self::assertSame('stopping', $client->call('stop'));
        self::assertSame("run() returned; SIGTERM is caught\n", $server->process->readAll());
    }
}
