<?php

declare(strict_types=1);

namespace Zroute\Tests\Client;

use Zroute\Client;
use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\InvalidValue;
use Zroute\Exception\Timeout;
use Zroute\Tests\ProcessTestCase;

/**
 * Many calls in flight.
 */
final class AsyncTest extends ProcessTestCase
{
    /** @return iterable<array{int}> */
    public static function numbers(): iterable
    {
        yield [64];
        yield [5000];
    }

    /** @dataProvider numbers */
    public function testAnyNumberOfCallsIsAwaitedInAnyOrder(int $number): void
    {
        mt_srand((int) getenv('ZROUTE_SEED'));
        $client = $this->serve()->client(['timeout_ms' => 20_000]);
        $calls = [];
        for ($i = 0; $i < $number; $i++) {
            $calls[$i] = $client->async('plus', [$i, 1]);
        }
        $order = range(0, $number - 1);
        shuffle($order);
        foreach ($order as $i) {
            self::assertSame($i + 1, $calls[$i]->await());
        }
        self::assertSame(0, $client->counters()['in_flight']);
    }

    public function testAnswersComeUnderTheKeysOfTheArguments(): void
    {
        $client = $this->serve()->client();
        self::assertSame(
            ['sum' => 3, 'text' => 'ABC'],
            $client->await(sum: $client->async('plus', [1, 2]), text: $client->async('strtoupper', ['abc']))
        );
        self::assertSame([], $client->await());
    }

    /** @return iterable<array{mixed}> */
    public static function noCalls(): iterable
    {
        yield ['plus'];
        yield [null];
        yield [[]];
        yield [[['plus'], [1]]];
    }

    /** @dataProvider noCalls */
    public function testABatchHoldsNothingButCalls(mixed $call): void
    {
        $client = new Client('tcp://127.0.0.1:1');
        $this->expectException(InvalidOption::class);
        $this->expectExceptionMessage("'key'");
        $client->batch(['key' => $call]);
    }

    public function testAwaitAgainGivesTheSame(): void
    {
        $client = $this->serve()->client();
        $answered = $client->async('plus', [1, 2]);
        $failed = $client->async('throws');
        for ($i = 0; $i < 3; $i++) {
            self::assertSame(3, $answered->await());
            self::assertSame(-32603, $this->failure($failed->await(...))->getCode());
            self::assertTrue($answered->isDone());
            self::assertTrue($failed->isDone());
        }
    }

    public function testIsDoneAloneGetsACallDone(): void
    {
        // Not connected yet: it is isDone() that has to send it.
        $call = $this->serve()->client()->async('plus', [1, 2]);
        $deadline = microtime(true) + 9;
        while (!$call->isDone() && microtime(true) < $deadline) {
            continue;
        }
        self::assertSame(3, $call->await());
    }

    public function testIsDoneNeverWaits(): void
    {
        $server = $this->serve('turns');
        $client = $server->connectedClient();
        $call = $client->async('gate');
        for ($i = 0; $i < 100; $i++) {
            self::assertFalse($call->isDone());
        }
        $server->process->write("go\n");
        self::assertSame('go', $call->await());
        self::assertTrue($call->isDone());
    }

    public function testADiscardedCallDisturbsNobody(): void
    {
        $client = $this->serve()->connectedClient();
        $before = memory_get_usage();
        for ($i = 0; $i < 2000; $i++) {
            $client->async('plus', [$i]);
            if ($i % 100 === 0) {
                self::assertSame($i, $client->call('plus', [$i]));
            }
        }
        self::assertSame(3, $client->call('plus', [1, 2]));
        self::assertSame(0, $client->counters()['in_flight']);
        self::assertSame(0, $client->counters()['unmatched']);
        self::assertLessThan($before + 10_000, memory_get_usage());
    }

    public function testARefusedCallLeavesNothingBehind(): void
    {
        $client = $this->serve()->connectedClient();
        $before = null;
        for ($i = 0; $i < 2000; $i++) {
            try {
                $client->call('untyped', [STDERR]);
                self::fail('it was taken');
            } catch (InvalidValue) {
                // The first has loaded classes.
                $before ??= memory_get_usage();
            }
        }
        self::assertLessThan($before + 10_000, memory_get_usage());
    }

    public function testACallOutlivesTheNameOfItsClient(): void
    {
        $call = $this->serve()->client()->async('plus', [1, 2]);
        gc_collect_cycles();
        self::assertSame(3, $call->await());
    }

    public function testEachCallHasItsOwnTimeout(): void
    {
        $server = $this->serve('turns');
        $client = $server->connectedClient();
        $gate = $client->async('gate');
        $short = $client->async('note', ['short'], 30);
        $long = $client->async('note', ['long'], 9000);
        try {
            $short->await();
            self::fail('it was answered');
        } catch (Timeout $e) {
            self::assertStringContainsString('within 30 ms', $e->getMessage());
        }
        $server->process->write("go\n");
        self::assertSame(['go', 'long'], $client->await($gate, $long));
    }

    public function testManyCallsToNobodyAllEnd(): void
    {
        $client = new Client('tcp://127.0.0.1:1', ['timeout_ms' => 100]);
        $calls = [];
        for ($i = 0; $i < 1000; $i++) {
            $calls[] = $client->async('plus', [$i]);
        }
        foreach ($calls as $call) {
            try {
                $call->await();
                self::fail('it was answered');
            } catch (ConnectionFailed) {
            }
        }
        self::assertSame(1000, $client->counters()['not_connected']);
    }

    public function testALargeAnswerHoldsNoSmallOne(): void
    {
        $client = $this->serve()->client();
        $large = str_repeat("\xff", 8 << 20);
        $calls = [];
        for ($i = 0; $i < 10; $i++) {
            $calls[] = [$large, $client->async('untyped', $large)];
            $calls[] = [[$i], $client->async('untyped', [$i])];
        }
        foreach ($calls as [$expected, $call]) {
            self::assertTrue($expected === $call->await());
        }
    }
}
