<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use Zroute\Tests\ProcessTestCase;

/**
 * Signal handlers of the program run while it waits.
 */
final class SignalTest extends ProcessTestCase
{
    /** @return iterable<array{bool}> */
    public static function modes(): iterable
    {
        yield 'with pcntl_async_signals' => [true];
        yield 'without' => [false];
    }

    /** @dataProvider modes */
    public function testASignalHandlerRunsWhileTheServerWaits(bool $async): void
    {
        $server = $this->serve('running', ['async' => $async, 'signals' => [SIGUSR1]]);
        $client = $server->client();
        for ($i = 0; $i < 5; $i++) {
            self::assertSame(3, $client->call('plus', [1, 2]));
            $server->process->signal(SIGUSR1);
            self::assertSame('signal ' . SIGUSR1, $server->process->readLine());
        }
        self::assertSame(3, $client->call('plus', [1, 2]));
    }

    /** @dataProvider modes */
    public function testASignalHandlerRunsWhileTheClientWaits(bool $async): void
    {
        $server = $this->serve('running');
        $client = $this->startClient('waiting', $server, $async ? '1' : '0');
        self::assertSame('ready', $client->readLine());
        for ($i = 0; $i < 5; $i++) {
            $client->signal(SIGUSR1);
            self::assertSame('signal', $client->readLine());
        }
        $server->process->write("answered\n");
        self::assertSame("answered\n", $client->readAll());
        self::assertSame(0, $client->wait());
    }

    /** @dataProvider modes */
    public function testNoCallIsLostInAStormOfSignals(bool $async): void
    {
        $server = $this->serve('running', ['async' => $async, 'signals' => [SIGUSR1]]);
        $client = $server->client();
        for ($i = 0; $i < 500; $i++) {
            $calls = [$client->async('plus', [$i, 1]), $client->async('plus', [$i, 2])];
            $server->process->signal(SIGUSR1);
            self::assertSame([$i + 1, $i + 2], $client->await(...$calls));
        }
    }
}
