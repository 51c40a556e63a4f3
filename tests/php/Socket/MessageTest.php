<?php

declare(strict_types=1);

namespace Zroute\Tests\Socket;

use PHPUnit\Framework\TestCase;
use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\InvalidState;
use Zroute\Exception\InvalidValue;
use Zroute\Exception\SocketClosed;
use Zroute\Exception\Timeout;
use Zroute\MessagePack;
use Zroute\Socket\Pair;
use Zroute\Socket\Poll;
use Zroute\Socket\Publisher;
use Zroute\Socket\Pull;
use Zroute\Socket\Push;
use Zroute\Socket\Reply;
use Zroute\Socket\Request;
use Zroute\Socket\Router;
use Zroute\Socket\Subscriber;

/**
 * Messages go through whole, and what cannot be done is said.
 */
final class MessageTest extends TestCase
{
    private Pair $one;
    private Pair $other;

    protected function setUp(): void
    {
        $this->one = new Pair(bind: 'inproc://message');
        $this->other = new Pair(connect: 'inproc://message');
    }

    protected function tearDown(): void
    {
        // PHPUnit keeps the objects of its tests, and close() gives the name back only by and by.
        $this->one->unbind('inproc://message');
        $this->one->close();
        $this->other->close();
    }

    /** @return iterable<string, array{list<string>}> */
    public static function messages(): iterable
    {
        yield 'text' => [['hello']];
        yield 'nothing' => [['']];
        yield 'bytes' => [["\0\xff\0"]];
        yield 'frames' => [['a', '', 'c']];
        yield 'large' => [[str_repeat('x', 1 << 20), 'small', str_repeat("\0", 1 << 18)]];
        yield 'many' => [array_map(strval(...), range(1, 1000))];
    }

    /**
     * @dataProvider messages
     * @param list<string> $frames
     */
    public function testFramesComeAsTheyWereSent(array $frames): void
    {
        $this->one->send(...$frames);
        self::assertSame($frames, $this->other->receiveFrames());
        $this->one->sendFrames($frames);
        self::assertSame($frames, $this->other->receiveFrames());
    }

    public function testValuesComeAsTheyWereSent(): void
    {
        foreach ([null, 0, 127, 1.5, 'text', ['hello', 'world'], ['a' => ['b' => [true]]]] as $value) {
            $this->one->sendValue($value);
            self::assertSame($value, $this->other->receiveValue());
        }
        $this->one->sendValue(['packed']);
        self::assertSame(MessagePack::pack(['packed']), $this->other->receive());
    }

    public function testWhatIsNoValueIsSaidAndTheNextMessageComes(): void
    {
        $this->one->send("\xc1")->sendValue('good');
        try {
            $this->other->receiveValue();
            self::fail('it was taken');
        } catch (InvalidMessage) {
            self::assertSame('good', $this->other->receiveValue());
        }
    }

    public function testAMessageOfSeveralFramesIsNotOneString(): void
    {
        $this->one->send('a', 'b')->send('next');
        try {
            $this->other->receive();
            self::fail('it was taken');
        } catch (InvalidMessage $e) {
            self::assertStringContainsString('2 frames came, expected one; receiveFrames()', $e->getMessage());
            self::assertStringContainsString('Pair on inproc://message', $e->getMessage());
        }
        self::assertSame('next', $this->other->receive());
    }

    public function testAMessageIsSentWholeOrNotAtAll(): void
    {
        foreach ([[], ['good', 7], ['good', null]] as $frames) {
            try {
                $this->one->sendFrames($frames);
                self::fail('it was sent');
            } catch (InvalidValue $e) {
                self::assertStringContainsString('expected', $e->getMessage());
            }
        }
        try {
            $this->one->sendValue(fopen('php://memory', 'r'));
            self::fail('it was sent');
        } catch (InvalidValue) {
            self::assertFalse($this->other->hasMessage());
        }
    }

    public function testATimeoutNamesTheEndpointAndTheTime(): void
    {
        $pull = new Pull(bind: 'tcp://127.0.0.1:*', options: ['ZMQ_RCVTIMEO' => 3]);
        $waits = [
            3 => $pull->receive(...), 7 => fn () => $pull->receiveFrames(7), 0 => fn () => $pull->receiveValue(0),
        ];
        foreach ($waits as $time => $receive) {
            try {
                $receive();
                self::fail('something came');
            } catch (Timeout $e) {
                self::assertSame("Pull on {$pull->endpoint()}: no message came within $time ms", $e->getMessage());
            }
        }
    }

    public function testSendingWaitsForRoomNoLongerThanTold(): void
    {
        $push = new Push(bind: 'inproc://nobody', options: ['ZMQ_SNDTIMEO' => 2]);
        foreach ([2 => fn () => $push->send('x'), 5 => fn () => $push->sendFrames(['x', 'y'], 5)] as $time => $send) {
            try {
                $send();
                self::fail('it was sent');
            } catch (Timeout $e) {
                self::assertStringContainsString("Push on inproc://nobody: nobody took", $e->getMessage());
                self::assertStringContainsString("within $time ms", $e->getMessage());
            }
        }
    }

    public function testTheHighWaterMarkBoundsAQueue(): void
    {
        $push = new Push(bind: 'inproc://high', options: ['ZMQ_SNDHWM' => 3, 'ZMQ_SNDTIMEO' => 0]);
        $pull = new Pull(connect: 'inproc://high', options: ['ZMQ_RCVHWM' => 2]);
        $sent = 0;
        try {
            while ($sent < 100) {
                $push->send('x');
                $sent++;
            }
        } catch (Timeout) {
            // Over inproc both queues are one.
            self::assertSame(5, $sent);
        }
        self::assertTrue($pull->hasMessage());
    }

    public function testTurnsAreKept(): void
    {
        $reply = new Reply(bind: 'inproc://turns');
        $request = new Request(connect: 'inproc://turns');
        $wrong = [
            'Request on inproc://turns cannot receive now' => fn () => $request->receive(0),
            'Reply on inproc://turns cannot send now' => fn () => $reply->send('x'),
        ];
        foreach ($wrong as $message => $call) {
            try {
                $call();
                self::fail($message);
            } catch (InvalidState $e) {
                self::assertStringStartsWith("$message: it sends and receives by turns, and is ", $e->getMessage());
            }
        }
        $request->send('now');
        self::assertSame('now', $reply->receive());
    }

    public function testARouterMayRefuseAPeerThatItDoesNotKnow(): void
    {
        $router = new Router(bind: 'inproc://mandatory', options: ['ZMQ_ROUTER_MANDATORY' => true]);
        $this->expectException(ConnectionFailed::class);
        $this->expectExceptionMessageMatches('/^Router on inproc:\/\/mandatory: .*\'stranger\'/');
        $router->send('stranger', 'hello');
    }

    /** @return iterable<string, array{class-string<\Throwable>, string, \Closure(): mixed}> */
    public static function mistakes(): iterable
    {
        yield 'no endpoint' => [InvalidOption::class, 'nonsense: Invalid', fn () => new Push('nonsense')];
        yield 'no text' => [InvalidOption::class, "'': Invalid argument; expected", fn () => new Push(bind: '')];
        yield 'a connection to every address' => [InvalidOption::class, 'tcp://*:7', fn () => new Push('tcp://*:7')];
        yield 'a transport that is not' => [InvalidOption::class, 'expected tcp://', fn () => new Push('foo://x')];
        yield 'a transport of other types' => [
            InvalidOption::class, 'expected tcp://', fn () => new Push(bind: 'udp://127.0.0.1:7'),
        ];
        yield 'a NUL' => [InvalidOption::class, 'NUL', fn () => new Push("tcp://127.0.0.1:7\0")];
        yield 'no option' => [InvalidOption::class, 'ZMQ_NOPE', fn () => new Push(options: ['ZMQ_NOPE' => 1])];
        yield 'text for a number' => [
            InvalidOption::class, 'ZMQ_SNDHWM', fn () => new Push(options: ['ZMQ_SNDHWM' => 'many']),
        ];
        yield 'out of range' => [InvalidOption::class, 'ZMQ_SNDHWM', fn () => new Push(options: ['ZMQ_SNDHWM' => -1])];
        yield 'a time that is over' => [InvalidOption::class, 'got -7', fn () => (new Pull())->receive(-7)];
        yield 'a poll for that time' => [InvalidOption::class, 'got -7', fn () => (new Poll([new Pull()]))->wait(-7)];
        yield 'an endpoint that is taken' => [ConnectionFailed::class, 'inproc://message', function () {
            $taken = new Pair(bind: 'inproc://message');
            $again = new Pair(bind: 'inproc://message');
        }];
    }

    /**
     * @dataProvider mistakes
     * @param class-string<\Throwable> $class
     * @param \Closure(): mixed $make
     */
    public function testAMistakeIsNamed(string $class, string $named, \Closure $make): void
    {
        try {
            $make();
            self::fail('it was taken');
        } catch (\Throwable $e) {
            self::assertInstanceOf($class, $e);
            self::assertStringContainsString($named, $e->getMessage());
        }
    }

    public function testOptionsAreKept(): void
    {
        $socket = new Subscriber(options: ['ZMQ_RCVHWM' => 7, 'ZMQ_ROUTING_ID' => 'me']);
        self::assertSame(7, $socket->option('ZMQ_RCVHWM'));
        self::assertSame('me', $socket->option('ZMQ_ROUTING_ID'));
        self::assertSame(1000, $socket->option('ZMQ_LINGER'), 'unless one says something else');
        self::assertSame(5, $socket->setOption('ZMQ_LINGER', 5)->option('ZMQ_LINGER'));
    }

    public function testTheEndpointIsTheOneReallyBound(): void
    {
        $socket = new Publisher();
        self::assertSame('', $socket->endpoint());
        $bound = $socket->bind('tcp://127.0.0.1:*');
        self::assertMatchesRegularExpression('~^tcp://127\.0\.0\.1:\d+$~', $bound);
        self::assertSame($bound, $socket->endpoint());
        $another = $socket->bind('tcp://127.0.0.1:*');
        self::assertNotSame($bound, $another);
        self::assertSame($another, $socket->endpoint());
    }

    public function testAClosedSocketIsNotUsed(): void
    {
        $this->other->close();
        $this->other->close();
        $uses = [
            fn () => $this->other->receive(),
            fn () => $this->other->send('x'),
            fn () => $this->other->bind('inproc://a'),
            fn () => $this->other->option('ZMQ_LINGER'),
            fn () => $this->other->hasMessage(),
        ];
        foreach ($uses as $use) {
            try {
                $use();
                self::fail('it was used');
            } catch (SocketClosed $e) {
                self::assertSame('Pair on inproc://message was closed; make a new one', $e->getMessage());
            }
        }
    }

    public function testASocketIsOneThing(): void
    {
        foreach ([fn () => clone $this->one, fn () => serialize($this->one)] as $copy) {
            try {
                $copy();
                self::fail('it was copied');
            } catch (\LogicException | \Error $e) {
                self::assertNotSame('', $e->getMessage());
            }
        }
        (new \ReflectionClass(Push::class))->newInstanceWithoutConstructor();
    }
}
