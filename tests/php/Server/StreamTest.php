<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use PHPUnit\Framework\TestCase;
use Zroute\Call;
use Zroute\Client;
use Zroute\Exception\RemoteError;
use Zroute\Fault;
use Zroute\MessagePack;
use Zroute\Server;
use Zroute\Socket\Dealer;

/**
 * A generator answers item by item where the dialect has a word for it, and with its
 * list elsewhere.
 */
final class StreamTest extends TestCase
{
    private Server $server;
    private string $endpoint;
    private Dealer $caller;
    private int $events = 0;
    /** @var list<string> what generators have noted */
    private array $notes = [];

    protected function setUp(): void
    {
        $this->server = new Server([
            'count' => function (int $to): \Generator {
                try {
                    for ($i = 0; $i < $to; $i++) {
                        $this->notes[] = "gives $i";
                        yield "key$i" => $i;
                    }
                } finally {
                    $this->notes[] = 'ends';
                }
            },
            'fails' => function (): \Generator {
                yield 1;
                throw new Fault(7, 'as asked', 'Broken');
            },
            'things' => fn (): \Generator => yield from [new \DateTimeImmutable('2026-01-01Z'), [], ['a' => 1.5]],
            'bad' => fn (): \Generator => yield fopen('php://memory', 'r'),
            'endless' => function (): \Generator {
                while (true) {
                    yield str_repeat('x', 1 << 18);
                }
            },
            'plus' => fn (array $data) => array_sum($data),
            'who' => fn (Call $call) => [$call->dialect, $call->meta],
        ], []);
        $this->endpoint = $this->server->bind('tcp://127.0.0.1:0');
        $this->caller = new Dealer();
        $this->caller->connect($this->endpoint);
    }

    /** @param list<mixed> $args */
    private function say(string $name, mixed $args, ?string $channel = null, array $more = []): string
    {
        $id = 'event' . $this->events++;
        $header = ['message_id' => $id, 'v' => 3] + ($channel === null ? [] : ['response_to' => $channel]) + $more;
        $this->caller->sendFrames(['', MessagePack::pack([$header, $name, $args])]);
        return $id;
    }

    private function step(): void
    {
        for ($i = 0; $i < 20; $i++) {
            $this->server->step(1);
        }
    }

    /** @return array{string, mixed} name and args of the next event of a channel */
    private function event(string $channel): array
    {
        for ($tries = 0; $tries < 1000 && !$this->caller->hasMessage(); $tries++) {
            $this->server->step(10);
        }
        [$delimiter, $body] = $this->caller->receiveFrames(0);
        [$header, $name, $args] = MessagePack::unpack($body);
        self::assertSame(['', $channel], [$delimiter, $header['response_to']]);
        return [$name, $args];
    }

    public function testItemsAreAskedForAsTheCallerTakesThem(): void
    {
        $channel = $this->say('count', [5]);
        self::assertSame(['STREAM', 0], $this->event($channel));
        $this->step();
        self::assertSame(['gives 0'], $this->notes);
        $this->say('_zpc_more', [2], $channel);
        self::assertSame(['STREAM', 1], $this->event($channel));
        self::assertSame(['STREAM', 2], $this->event($channel));
        $this->step();
        self::assertSame(['gives 0', 'gives 1', 'gives 2'], $this->notes);
        $this->say('_zpc_more', [100], $channel);
        self::assertSame(['STREAM', 3], $this->event($channel));
        self::assertSame(['STREAM', 4], $this->event($channel));
        self::assertSame(['STREAM_DONE', null], $this->event($channel));
        self::assertSame('ends', end($this->notes));
        self::assertSame(0, $this->server->counters()['open']);
    }

    public function testTwoStreamsAndCallsGoOnTogether(): void
    {
        $first = $this->say('count', [1000]);
        $second = $this->say('count', [1000]);
        $this->say('_zpc_more', [2000], $first);
        $this->say('_zpc_more', [2000], $second);
        $call = $this->say('plus', [1, 2]);
        $at = $last = [];
        for ($i = 0; count($last) < 3; $i++) {
            for ($tries = 0; $tries < 1000 && !$this->caller->hasMessage(); $tries++) {
                $this->server->step(10);
            }
            [$header, $name, $args] = MessagePack::unpack($this->caller->receiveFrames(0)[1]);
            $channel = $header['response_to'];
            if ($name === 'STREAM') {
                self::assertSame($at[$channel] ?? 0, $args);
                $at[$channel] = $args + 1;
            } else {
                $last[$channel] = $i;
            }
        }
        self::assertSame([$first => 1000, $second => 1000], $at);
        self::assertLessThan(500, $last[$call], 'the call waited for no stream');
        self::assertLessThan(200, $last[$second] - $last[$first]);
    }

    public function testAGeneratorThatThrowsFailsItsStream(): void
    {
        $channel = $this->say('fails', []);
        self::assertSame(['STREAM', 1], $this->event($channel));
        $this->say('_zpc_more', [1], $channel);
        self::assertSame(['ERR', ['Broken', 'as asked', null]], $this->event($channel));
    }

    public function testAnItemThatCannotTravelFailsItsStream(): void
    {
        // It is an error that the log should know.
        $log = ini_set('error_log', '/dev/null');
        [$name, [$class, $message]] = $this->event($this->say('bad', []));
        ini_set('error_log', (string) $log);
        self::assertSame(['ERR', 'Zroute\Exception\InvalidValue'], [$name, $class]);
        self::assertStringContainsString('resource (stream)', $message);
    }

    public function testItemsMayBeWhatAnswersMayBe(): void
    {
        $channel = $this->say('things', []);
        $this->say('_zpc_more', [9], $channel);
        self::assertSame(['STREAM', '2026-01-01T00:00:00.000000+00:00'], $this->event($channel));
        self::assertSame(['STREAM', []], $this->event($channel));
        self::assertSame(['STREAM', ['a' => 1.5]], $this->event($channel));
        self::assertSame(['STREAM_DONE', null], $this->event($channel));
    }

    public function testOtherCallersGetTheList(): void
    {
        self::assertSame([0, 1, 2], $this->call('count', [3]));
        self::assertSame([], $this->call('count', [0]));
        self::assertSame('ends', end($this->notes));
        $this->caller->sendFrames(['', MessagePack::pack([0, 7, 'count', [40]])]);
        for ($tries = 0; $tries < 1000 && !$this->caller->hasMessage(); $tries++) {
            $this->server->step(10);
        }
        self::assertSame([1, 7, null, range(0, 39)], MessagePack::unpack($this->caller->receiveFrames(0)[1]));
        try {
            $this->call('fails', []);
            self::fail('expected a fault');
        } catch (RemoteError $e) {
            self::assertSame([7, 'Broken'], [$e->getCode(), $e->name]);
            self::assertStringContainsString('as asked', $e->getMessage());
        }
    }

    public function testAListWithoutEndFails(): void
    {
        try {
            $this->call('endless', []);
            self::fail('expected a fault');
        } catch (RemoteError $e) {
            self::assertSame(Fault::TOO_LARGE, $e->getCode());
        }
    }

    public function testTheCallerIsKnownAndItsHeaderIsTheMeta(): void
    {
        $channel = $this->say('who', [], null, ['access_key' => 'k', 'uuid' => 'u']);
        self::assertSame(['OK', [['zerorpc', ['access_key' => 'k', 'uuid' => 'u']]]], $this->event($channel));
    }

    public function testAGeneratorWhoseCallerHasGoneIsDestroyed(): void
    {
        $this->say('count', [5]);
        $this->step();
        self::assertSame(['gives 0'], $this->notes);
        $this->caller->close();
        for ($tries = 0; $tries < 1000 && end($this->notes) !== 'ends'; $tries++) {
            $this->server->step(20);
        }
        self::assertSame(['gives 0', 'ends'], $this->notes);
        self::assertSame(0, $this->server->counters()['open']);
    }

    public function testToolsAreToldWhatTheFunctionsSayOfThemselves(): void
    {
        self::assertSame(['OK', [['pong', 'zroute']]], $this->event($this->say('_zerorpc_ping', [])));
        [, [$inspected]] = $this->event($this->say('_zerorpc_inspect', []));
        self::assertSame('zroute', $inspected['name']);
        self::assertSame([['name' => 'to']], $inspected['methods']['count']['args']);
    }

    /** @param list<mixed> $parameters */
    private function call(string $function, array $parameters): mixed
    {
        $client = new Client($this->endpoint);
        $call = $client->async($function, $parameters);
        for ($tries = 0; $tries < 2000 && !$call->isDone(); $tries++) {
            $this->server->step(5);
        }
        return $call->await();
    }
}
