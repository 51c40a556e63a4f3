<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use Zroute\Tests\Process\RawCaller;
use Zroute\Tests\ProcessTestCase;

/**
 * What handlers print.
 */
final class OutputTest extends ProcessTestCase
{
    public function testBuffersThatAHandlerLeavesOpenAreEndedAfterItsCall(): void
    {
        $server = $this->serve('running');
        $client = $server->client();
        self::assertSame(2, $client->call('buffers', ['one']));
        self::assertSame('ONE', $server->process->readLine());
        self::assertSame(2, $client->call('buffers', ['two']), 'none was left of the call before');
        self::assertSame('TWO', $server->process->readLine());
        self::assertSame('', $server->process->errors());
    }

    public function testABufferThatCannotBeEndedKeepsNobodyWaiting(): void
    {
        $server = $this->serve('running');
        $client = $server->client();
        self::assertSame(1, $client->call('keeps'));
        self::assertSame(3, $client->call('plus', [1, 2]));
        self::assertSame(3, $client->call('buffers', ['two']));
        self::assertSame('', $server->process->errors());
    }

    public function testABufferWhoseFilterFailsIsToldToTheLog(): void
    {
        $server = $this->serve('running');
        self::assertNull($server->client()->call('fails'));
        self::assertSame('before', $server->process->readLine());
        self::assertSame(2, $server->client()->call('buffers', ['one']));
        self::assertStringContainsString(
            'zroute: an output buffer of fails cannot be ended: DomainException: no filter',
            $server->process->errors()
        );
    }

    public function testTheBufferOfAHandlerThatServesCallsItselfIsItsOwn(): void
    {
        $server = $this->serve('running');
        $client = new RawCaller($server->endpoint);
        $outer = $client->begin('serves in a buffer');
        self::assertSame('serving', $server->process->readLine());
        $inner = $client->begin('buffers', ['inner']);
        self::assertSame(3, $client->await($inner));
        self::assertSame("mineINNER\n", $client->await($outer));
    }
}
