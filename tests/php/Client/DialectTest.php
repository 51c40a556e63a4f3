<?php

declare(strict_types=1);

namespace Zroute\Tests\Client;

use Zroute\Client;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\InvalidValue;
use Zroute\Exception\OutcomeUnknown;
use Zroute\Exception\RemoteError;
use Zroute\Exception\Timeout;
use Zroute\MessagePack;
use Zroute\Socket\Router;
use Zroute\Tests\Process\ServerProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * Clients that speak MessagePack-RPC or zerorpc.
 */
final class DialectTest extends ProcessTestCase
{
    private ServerProcess $server;

    /**
     * A client that is connected.
     *
     * @param array<string, int|string> $options of the client
     */
    private function zerorpc(array $options = [], int $heartbeatMs = 5000): Client
    {
        $this->server = $this->serve('zerorpc', ['heartbeat_ms' => $heartbeatMs]);
        return $this->server->connectedClient($options + ['dialect' => 'zerorpc']);
    }

    public function testThereAreThreeDialects(): void
    {
        $this->expectException(InvalidOption::class);
        $this->expectExceptionMessage("'plain', 'msgpack-rpc' or 'zerorpc', got 'json'");
        new Client('tcp://127.0.0.1:1', ['dialect' => 'json']);
    }

    public function testWhoNeverAnswersIsAskedAboutItsDialect(): void
    {
        $server = new Router(bind: 'tcp://127.0.0.1:*');
        $client = new Client($server->endpoint(), ['timeout_ms' => 500]);
        $this->expectException(Timeout::class);
        $this->expectExceptionMessage("does it speak the dialect 'plain'? (option 'dialect')");
        $client->call('plus', [1, 2]);
    }

    public function testMessagePackRpc(): void
    {
        $server = new Router(bind: 'tcp://127.0.0.1:*');
        $client = new Client($server->endpoint(), ['dialect' => 'msgpack-rpc', 'timeout_ms' => 20_000]);
        $calls = ['one' => $client->async('f', [1]), 'two' => $client->async('g', [[2]]), 'odd' => $client->async('h')];
        $client->notify('log', ['text']);
        $requests = [];
        while (count($requests) < 4) {
            $calls['one']->isDone();
            if ($server->hasMessage(1)) {
                [$peer, $number, $delimiter, $body] = $server->receiveFrames();
                $requests[] = [$peer, $number, $delimiter, MessagePack::unpack($body)];
            }
        }
        self::assertSame([2, 'log', ['text']], $requests[3][3]);
        unset($requests[3]);
        self::assertSame([0, 'f', [1]], [$requests[0][3][0], ...array_slice($requests[0][3], 2)]);
        self::assertSame([0, 'g', [[2]]], [$requests[1][3][0], ...array_slice($requests[1][3], 2)]);
        foreach (array_reverse($requests) as [$peer, $number, $delimiter, [, $id, $function]]) {
            $answer = $function === 'h' ? [1, $id, [7, 'too odd'], null] : [1, $id, null, "$function done"];
            $server->sendFrames([$peer, $number, $delimiter, MessagePack::pack($answer)]);
        }
        self::assertSame('f done', $calls['one']->await());
        self::assertSame('g done', $calls['two']->await());
        self::assertSame('too odd (error 7)', $this->failure($calls['odd']->await(...))->remoteMessage);
    }

    public function testWhatADialectHasNoPlaceForIsNotSent(): void
    {
        $client = new Client('tcp://127.0.0.1:1', ['dialect' => 'msgpack-rpc']);
        foreach (
            [
                fn () => $client->call('f', ['a' => 1]),
                fn () => $client->call('f', 7),
                fn () => $client->stream('f')->current(),
                fn () => $client->meta(['key' => 'k'])->call('f'),
            ] as $call
        ) {
            try {
                $call();
                self::fail('it was sent');
            } catch (InvalidValue $e) {
                self::assertMatchesRegularExpression('/a list|zerorpc|meta/', $e->getMessage());
            }
        }
    }

    public function testCallsFaultsAndWhatTravelsBeside(): void
    {
        $client = $this->zerorpc();
        self::assertSame(6, $client->meta(['access_key' => 'k', 'uuid' => 'u'])->call('plus', [1, 2, 3]));
        $header = $client->call('seen')['header'];
        self::assertSame([3, 'k', 'u'], [$header['v'], $header['access_key'], $header['uuid']]);
        self::assertIsString($header['message_id']);
        $fault = $this->failure(fn () => $client->call('fail', ['odd']));
        self::assertSame(['Oops', 'odd'], [$fault->name, $fault->remoteMessage]);
        self::assertSame('odd', $this->failure(fn () => $client->call('old', ['odd']))->remoteMessage);
        self::assertSame([3, 7], $client->batch([['plus', [1, 2]], ['plus', [3, 4]]]));
    }

    public function testAfterATimeoutTheNextCallGetsItsOwnAnswer(): void
    {
        $client = $this->zerorpc([], 20);
        try {
            $client->call('alive', [], 100);
            self::fail('it was answered');
        } catch (Timeout) {
        }
        self::assertSame(3, $client->call('plus', [1, 2]));
    }

    public function testHeartbeatsKeepACallAndTheirAbsenceEndsIt(): void
    {
        $client = $this->zerorpc(['zerorpc_heartbeat_ms' => 1000], 1000);
        try {
            $client->call('alive', [], 4500);
            self::fail('it was answered');
        } catch (Timeout) {
        }
        self::assertGreaterThan(1, $client->call('seen')['heartbeats']);
        $this->expectException(OutcomeUnknown::class);
        $this->expectExceptionMessage('no heartbeat for 2000 ms');
        $client->call('silent');
    }

    public function testAStreamIsCompleteAndInOrder(): void
    {
        $client = $this->zerorpc();
        $expected = 0;
        foreach ($client->stream('count', [20_000]) as $key => $item) {
            self::assertSame([$expected, $expected], [$key, $item]);
            $expected++;
        }
        self::assertSame(20_000, $expected);
        $seen = $client->call('seen');
        self::assertSame(0, $seen['open']);
        self::assertGreaterThan(1, $seen['most']);
        self::assertLessThanOrEqual(100, $seen['most']);
        self::assertSame([], iterator_to_array($client->stream('count', [0])));
        self::assertSame([6], iterator_to_array($client->stream('plus', [1, 2, 3])));
        self::assertSame(range(0, 499), $client->call('count', [500]));
    }

    public function testALoopThatIsLeftClosesTheChannel(): void
    {
        $client = $this->zerorpc(['zerorpc_heartbeat_ms' => 1000], 1000);
        foreach ($client->stream('count', [PHP_INT_MAX]) as $item) {
            if ($item === 250) {
                break;
            }
        }
        unset($item);
        $stream = $client->stream('count', [PHP_INT_MAX]);
        unset($stream);
        $deadline = microtime(true) + 60;
        while ($client->call('seen')['open'] > 0) {
            self::assertLessThan($deadline, microtime(true), 'a channel stays open');
        }
        self::assertSame(3, $client->call('plus', [1, 2]));
        self::assertSame(0, $client->counters()['in_flight']);
    }

    public function testALoopMayTakeItsTimeForEachItem(): void
    {
        // The server waits no longer than 2 s for a heartbeat.
        $client = $this->zerorpc(['zerorpc_heartbeat_ms' => 1000], 1000);
        $items = [];
        foreach ($client->stream('count', [200]) as $item) {
            $items[] = $item;
            if ($item < 100) {
                $until = hrtime(true) + 35_000_000;
                while (hrtime(true) < $until);
            }
        }
        self::assertSame(range(0, 199), $items);
    }

    public function testAFaultComesBehindTheItemsBeforeIt(): void
    {
        $items = [];
        try {
            foreach ($this->zerorpc()->stream('count', [300, 'no more']) as $item) {
                $items[] = $item;
            }
            self::fail('the stream ended well');
        } catch (RemoteError $e) {
            self::assertSame(['RuntimeException', 'no more'], [$e->name, $e->remoteMessage]);
        }
        self::assertSame(range(0, 299), $items);
    }

    public function testEachItemHasItsOwnTime(): void
    {
        $client = $this->zerorpc();
        $stream = $client->stream('alive', [], 50);
        $this->expectException(Timeout::class);
        $stream->current();
    }

    public function testTheWholeMayHaveATimeToo(): void
    {
        $client = $this->zerorpc();
        foreach ([['alive', []], ['count', [PHP_INT_MAX]]] as [$function, $parameters]) {
            try {
                foreach ($client->stream($function, $parameters, totalMs: 50) as $item) {
                    self::assertIsInt($item);
                }
                self::fail('it ended');
            } catch (Timeout $e) {
                self::assertStringContainsString("$function has given items for 50 ms", $e->getMessage());
            }
        }
        self::assertSame(0, $client->counters()['in_flight']);
    }

    public function testSeveralStreamsAndCallsAtOnce(): void
    {
        $client = $this->zerorpc();
        $streams = [];
        for ($i = 0; $i < 5; $i++) {
            $streams[] = $client->stream('count', [1000 + $i]);
        }
        $call = $client->async('plus', [1, 2]);
        $items = [];
        while ($streams !== []) {
            foreach ($streams as $i => $stream) {
                if (!$stream->valid()) {
                    unset($streams[$i]);
                    continue;
                }
                $items[$i][] = $stream->current();
                $stream->next();
            }
            self::assertSame(count($streams), $client->call('plus', [count($streams)]));
        }
        self::assertSame(3, $call->await());
        foreach ($items as $i => $list) {
            self::assertSame(range(0, 999 + $i), $list);
        }
    }

    public function testAServerThatDiesEndsAStream(): void
    {
        // By the end of its connection, or where that is not seen by its heartbeats.
        $client = $this->zerorpc(['zerorpc_heartbeat_ms' => 1000], 1000);
        $stream = $client->stream('count', [PHP_INT_MAX]);
        self::assertSame(0, $stream->current());
        $this->server->process->kill();
        $this->expectException(OutcomeUnknown::class);
        while ($stream->valid()) {
            $stream->next();
        }
    }
}
