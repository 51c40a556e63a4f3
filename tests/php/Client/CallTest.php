<?php

declare(strict_types=1);

namespace Zroute\Tests\Client;

use Zroute\Client;
use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\InvalidValue;
use Zroute\Exception\Timeout;
use Zroute\Exception\ZrouteException;
use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\Process\ServerProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * Calls, one by one.
 */
final class CallTest extends ProcessTestCase
{
    /** Nothing listens there. */
    private const DEAD = 'tcp://127.0.0.1:1';

    public function testValuesComeBackAsTheyWent(): void
    {
        $client = $this->serve()->client();
        $values = [
            null, true, false, 0, -1, PHP_INT_MAX, PHP_INT_MIN, 0.1, -0.0, INF, '', 'text', "\xff\0", 'žluť',
            [], [0], [[]], ['a' => ['b' => null]], [3 => 'three'], range(0, 1000), str_repeat('x', 1_000_000),
        ];
        foreach ($values as $value) {
            self::assertSame(serialize($value), serialize($client->call('untyped', $value)));
        }
    }

    public function testTheSeedsServerIsCalledUnchanged(): void
    {
        $seed = new ServerProcess($this->own(new ChildProcess([
            PHP_BINARY, '-n', '-d', 'extension=zmq', '-d', 'extension=msgpack',
            __DIR__ . '/../../../bench/servers/seed_server.php',
        ])));
        $client = $seed->client();
        for ($i = 0; $i < 100; $i++) {
            self::assertSame($i + 3, $client->call('plus', [1, 2, $i]));
        }
    }

    public function testARemoteErrorHasItsParts(): void
    {
        $client = $this->serve()->client();
        $failure = $this->failure(fn () => $client->call('throws_fault', ['code' => 7, 'name' => 'NoMoney']));
        self::assertSame('throws_fault', $failure->function);
        self::assertSame(7, $failure->getCode());
        self::assertSame('NoMoney', $failure->name);
        self::assertSame('only 3 EUR left', $failure->remoteMessage);
        self::assertSame('throws_fault failed at the server: NoMoney (7): only 3 EUR left', $failure->getMessage());
        self::assertInstanceOf(ZrouteException::class, $failure);
    }

    public function testATimeoutNamesFunctionEndpointAndTime(): void
    {
        $server = $this->serve('turns');
        $client = $server->connectedClient();
        try {
            $client->call('gate', [], 50);
            self::fail('it was answered');
        } catch (Timeout $e) {
            self::assertSame(
                "gate at $server->endpoint gave no answer within 50 ms; it may still run there",
                $e->getMessage()
            );
        }
    }

    public function testTheOptionTimeoutHoldsForCallsThatSayNothing(): void
    {
        $client = $this->serve('turns')->connectedClient(['timeout_ms' => 1000]);
        $this->expectException(Timeout::class);
        $this->expectExceptionMessage('within 1000 ms');
        $client->call('gate');
    }

    public function testALateAnswerReachesNoOtherCall(): void
    {
        $server = $this->serve('turns');
        $client = $server->connectedClient();
        try {
            $client->call('gate', [], 30);
            self::fail('it was answered');
        } catch (Timeout) {
        }
        $server->process->write("late\n");
        self::assertSame('mine', $client->call('note', ['mine']));
        self::assertSame(1, $client->counters()['unmatched']);
    }

    public function testAConnectionThatFailsNamesFunctionEndpointAndTime(): void
    {
        foreach ([self::DEAD, [self::DEAD, 'ipc:///nowhere/at.all']] as $endpoints) {
            try {
                (new Client($endpoints))->call('plus', [1], 40);
                self::fail('it was answered');
            } catch (ConnectionFailed $e) {
                self::assertStringContainsString('plus', $e->getMessage());
                self::assertStringContainsString(implode(', ', (array) $endpoints), $e->getMessage());
                self::assertStringContainsString('40 ms', $e->getMessage());
            }
        }
    }

    public function testATimeoutOfNothingEndsAtOnce(): void
    {
        $client = $this->serve()->connectedClient();
        try {
            $client->call('plus', [1], 0);
            self::fail('it was answered');
        } catch (Timeout | ConnectionFailed $e) {
            self::assertStringContainsString('0 ms', $e->getMessage());
        } catch (\Zroute\Exception\RemoteError $e) {
            self::assertSame(-32001, $e->getCode());
        }
        self::assertSame(3, $client->call('plus', [1, 2], PHP_INT_MAX));
        $this->expectException(InvalidOption::class);
        $this->expectExceptionMessage('got -1');
        $client->call('plus', [1], -1);
    }

    public function testAServerMayComeAfterTheCall(): void
    {
        $socket = sys_get_temp_dir() . '/zroute-late-' . getmypid() . '.sock';
        $call = (new Client("ipc://$socket"))->async('plus', [1, 2, 3], 15_000);
        self::assertFalse($call->isDone());
        $this->serve('endpoints', ['endpoints' => ["ipc://$socket"]]);
        self::assertSame(6, $call->await());
        unlink($socket);
    }

    public function testADeadServerAmongSeveralIsPassedOver(): void
    {
        $servers = [$this->serve(), $this->serve()];
        $client = new Client(
            [$servers[0]->endpoint, self::DEAD, $servers[1]->endpoint],
            ['timeout_ms' => 10_000]
        );
        $served = [$servers[0]->process->pid => 0, $servers[1]->process->pid => 0];
        // One of them may be connected sooner.
        for ($i = 0; min($served) < 10 && $i < 50_000; $i++) {
            $served[$client->call('process')]++;
        }
        self::assertGreaterThanOrEqual(10, min($served), 'both have their part');
        self::assertCount(2, $served);
    }

    public function testCallsGoOnWhenOneOfTwoServersIsKilled(): void
    {
        [$one, $other] = [$this->serve(), $this->serve()];
        $client = new Client([$one->endpoint, $other->endpoint], ['timeout_ms' => 500]);
        $one->process->kill();
        $inARow = 0;
        for ($tries = 0; $inARow < 20 && $tries < 60; $tries++) {
            try {
                self::assertSame(3, $client->call('plus', [1, 2]));
                $inARow++;
            } catch (Timeout) {
                // It was on its way when the server died.
                $inARow = 0;
            }
        }
        self::assertSame(20, $inARow);
    }

    public function testAFunctionsNameIsTakenAsItIs(): void
    {
        $client = $this->serve()->client();
        foreach (["plus\0", 'Plus', 'plus ', '', "pl\nus", str_repeat('x', 10_000), 'zluť'] as $name) {
            self::assertSame(-32601, $this->failure(fn () => $client->call($name, [1]))->getCode(), $name);
        }
        $this->expectException(InvalidOption::class);
        $this->expectExceptionMessage('UTF-8');
        $client->call("\xff", [1]);
    }

    /** @return iterable<string, array{mixed, string}> */
    public static function parameters(): iterable
    {
        $deep = [];
        for ($i = 0; $i < 200; $i++) {
            $deep = [$deep];
        }
        $ring = [];
        $ring[] = &$ring;
        $ring[] = &$ring;
        yield 'a closure' => [fn () => 1, 'the value is an object of class Closure'];
        yield 'a closure inside' => [['a' => [2 => fn () => 1]], "the value['a'][2] is an object of class Closure"];
        yield 'a resource' => [STDERR, 'the value is resource (stream)'];
        yield 'a resource inside' => [[1, STDERR], 'the value[1] is resource (stream)'];
        yield 'an object' => [[new \ArrayIterator([0, new self()])], 'the value[0][1] is an object of class'];
        yield 'too deep' => [$deep, 'more than 128 levels deep'];
        yield 'too much' => [str_repeat('x', 17 << 20), 'are more than the 16777216 allowed'];
        yield 'holds itself' => [['ring' => $ring], 'holds itself'];
    }

    /** @dataProvider parameters */
    public function testParametersThatCannotTravelAreRefusedHere(mixed $parameters, string $text): void
    {
        $client = $this->serve()->client();
        foreach (['call', 'async'] as $way) {
            try {
                $call = $client->$way('untyped', $parameters);
                $call->await();
                self::fail('they were taken');
            } catch (InvalidValue $e) {
                self::assertStringContainsString($text, $e->getMessage());
            }
        }
        self::assertSame(3, $client->call('plus', [1, 2]), 'the next call is made');
        self::assertSame(0, $client->counters()['in_flight']);
    }

    /** @return iterable<string, array{list<string>, string}> */
    public static function answers(): iterable
    {
        yield 'a reserved byte' => [["\xc1"], 'reserved byte 0xc1'];
        yield 'nothing' => [[''], 'found no bytes'];
        yield 'bytes behind the value' => [["\x01\x02"], 'found 1 more byte'];
        yield 'a part of a value' => [["\x92\x01"], 'past the end'];
        yield 'an extension' => [["\xd4\x05\x00"], 'extension'];
        yield 'a key that PHP has not' => [["\x81\xc0\x01"], 'key'];
        yield 'a claim of 4 GiB' => [["\xdd\xff\xff\xff\xff"], 'past the end'];
        yield 'too deep' => [[str_repeat("\x91", 100_000) . "\xc0"], '128 levels'];
        yield 'two frames' => [["\x01", "\x02"], '2 frames'];
    }

    /**
     * @dataProvider answers
     * @param list<string> $frames
     */
    public function testAnAnswerThatIsNoPhpValueIsRefused(array $frames, string $text): void
    {
        $client = $this->scriptedServer()->client();
        try {
            $client->call('answer', $frames);
            self::fail('it was taken');
        } catch (InvalidMessage $e) {
            self::assertStringContainsString($text, $e->getMessage());
        }
        self::assertSame(7, $client->call('answer', ["\x07"]));
    }

    public function testAFaultIsReadHoweverOddlyItIsWritten(): void
    {
        $client = $this->scriptedServer()->client();
        foreach (["\x05", "\x80", "\x81\xa4code\xa1x", "\xc0", "\xd4\x01\x00"] as $odd) {
            $failure = $this->failure(fn () => $client->call('answer', ["\x81\xa9__error__" . $odd]));
            self::assertSame(0, $failure->getCode());
        }
    }

    public function testAnswersFindTheirCallsInAnyOrder(): void
    {
        $client = $this->scriptedServer()->client();
        self::assertSame(1, $client->call('answer', ["\x01"]));
        $calls = [];
        for ($i = 0; $i < 100; $i++) {
            $calls[] = $client->async('hold', [chr($i)]);
        }
        self::assertTrue($client->call('release', ["\xc3"]));
        self::assertSame(range(0, 99), $client->await(...$calls));
        self::assertSame(102, $client->call('answer', ["\x66"]));
        self::assertSame(102, $client->counters()['unmatched'], 'the doubles, and those to nobody');
    }

    public function testAClientCanBeNeitherClonedNorSerialized(): void
    {
        $client = $this->serve()->client();
        $call = $client->async('plus', [1, 2]);
        foreach ([fn () => clone $client, fn () => clone $call] as $copy) {
            try {
                $copy();
                self::fail('it was cloned');
            } catch (\Error $e) {
                self::assertStringContainsString('__clone()', $e->getMessage());
            }
        }
        foreach ([$client, $call] as $object) {
            try {
                serialize($object);
                self::fail('it was serialized');
            } catch (\LogicException $e) {
                self::assertStringContainsString('cannot be serialized', $e->getMessage());
            }
        }
        self::assertSame(3, $call->await());
    }

    private function scriptedServer(): ServerProcess
    {
        return new ServerProcess($this->own(ChildProcess::python(__DIR__ . '/../peers/scripted_server.py')));
    }
}
