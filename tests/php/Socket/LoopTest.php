<?php

declare(strict_types=1);

namespace Zroute\Tests\Socket;

use PHPUnit\Framework\TestCase;
use Zroute\Exception\SocketClosed;
use Zroute\Exception\Timeout;
use Zroute\Socket\Context;
use Zroute\Socket\Dealer;
use Zroute\Socket\Pull;
use Zroute\Socket\Push;
use Zroute\Socket\Router;
use Zroute\Socket\Subscriber;
use Zroute\Socket\XPublisher;

/**
 * foreach over a socket gets its messages until it is told to end.
 */
final class LoopTest extends TestCase
{
    private const PATIENCE_MS = 60_000;

    private Push $push;
    private Pull $pull;

    protected function setUp(): void
    {
        $this->push = new Push(bind: 'inproc://loop');
        $this->pull = new Pull(connect: 'inproc://loop');
    }

    protected function tearDown(): void
    {
        // PHPUnit keeps the objects of its tests, and close() gives the name back only by and by.
        $this->push->unbind('inproc://loop');
        $this->push->close();
        $this->pull->close();
    }

    public function testStopEndsItAndTheRestCanBeReceived(): void
    {
        $this->push->send('a')->send('b')->send('c');
        $seen = [];
        foreach ($this->pull as $message) {
            $seen[] = $message;
            if ($message === 'b') {
                $this->pull->stop();
            }
        }
        self::assertSame(['a', 'b'], $seen);
        foreach ($this->pull as $message) {
            $seen[] = $message;
            $this->pull->stop();
        }
        self::assertSame(['a', 'b', 'c'], $seen);
    }

    public function testStopEndsALoopThatIsYetToBegin(): void
    {
        $this->push->send('a');
        $this->pull->stop();
        self::assertSame([], iterator_to_array($this->pull));
        $seen = [];
        foreach ($this->pull as $message) {
            $seen[] = $message;
            $this->pull->stop();
            break;
        }
        $this->push->send('b');
        foreach ($this->pull as $message) {
            $seen[] = $message;
            break;
        }
        self::assertSame(['a', 'b'], $seen);
    }

    public function testCloseEndsIt(): void
    {
        $this->push->send('a')->send('b');
        $seen = 0;
        foreach ($this->pull as $message) {
            $seen++;
            $this->pull->close();
        }
        self::assertSame(1, $seen);
    }

    public function testTheEndOfTheContextEndsIt(): void
    {
        $context = new Context();
        $push = new Push(bind: 'inproc://x', context: $context);
        $pull = new Pull(connect: 'inproc://x', context: $context);
        $push->send('a');
        $seen = 0;
        foreach ($pull as $message) {
            $seen++;
            $context->shutDown();
        }
        self::assertSame(1, $seen);
        $this->expectException(SocketClosed::class);
        $pull->receive();
    }

    public function testItWaitsNoLongerThanTheOptionSays(): void
    {
        $this->pull->setOption('ZMQ_RCVTIMEO', 5);
        $this->push->send('a');
        $seen = [];
        try {
            foreach ($this->pull as $message) {
                $seen[] = $message;
            }
            self::fail('it ended without a word');
        } catch (Timeout) {
            self::assertSame(['a'], $seen);
        }
    }

    public function testValuesAndFramesHaveLoopsToo(): void
    {
        $this->push->sendValue(['a' => 1])->send('b', 'c');
        $seen = [];
        foreach ($this->pull->values() as $value) {
            $seen[] = $value;
            break;
        }
        foreach ($this->pull->frames() as $frames) {
            $seen[] = $frames;
            break;
        }
        self::assertSame([['a' => 1], ['b', 'c']], $seen);
    }

    public function testASubscribersKeysAreTopics(): void
    {
        $publisher = new XPublisher(bind: 'inproc://topics');
        $subscriber = new Subscriber('inproc://topics');
        self::assertSame("\1", $publisher->receive(self::PATIENCE_MS));
        $publisher->send('sport', '3:2')->send('sport', '4:2')->send('news of today');
        $seen = [];
        foreach ($subscriber as $topic => $body) {
            $seen[] = [$topic, $body];
            if (count($seen) === 3) {
                break;
            }
        }
        self::assertSame([['sport', '3:2'], ['sport', '4:2'], ['news of today', 'news of today']], $seen);
    }

    public function testARoutersMessagesAreFrames(): void
    {
        $router = new Router(bind: 'inproc://routed');
        $dealer = new Dealer('inproc://routed', options: ['ZMQ_ROUTING_ID' => 'me']);
        $dealer->send('hello');
        foreach ($router as $frames) {
            self::assertSame(['me', 'hello'], $frames);
            $router->stop();
        }
    }
}
