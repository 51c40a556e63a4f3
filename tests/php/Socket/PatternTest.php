<?php

declare(strict_types=1);

namespace Zroute\Tests\Socket;

use PHPUnit\Framework\TestCase;
use Zroute\Exception\ConnectionFailed;
use Zroute\Socket\Dealer;
use Zroute\Socket\Pair;
use Zroute\Socket\Publisher;
use Zroute\Socket\Pull;
use Zroute\Socket\Push;
use Zroute\Socket\Reply;
use Zroute\Socket\Request;
use Zroute\Socket\Router;
use Zroute\Socket\Stream;
use Zroute\Socket\Subscriber;
use Zroute\Socket\XPublisher;
use Zroute\Socket\XSubscriber;

/**
 * What each type of socket does with messages.
 */
final class PatternTest extends TestCase
{
    private const FREE_PORT = 'tcp://127.0.0.1:*';
    private const PATIENCE_MS = 60_000;

    public function testARequestIsRepliedTo(): void
    {
        $reply = new Reply(bind: self::FREE_PORT);
        $request = new Request(connect: $reply->endpoint());
        for ($i = 0; $i < 3; $i++) {
            $request->send("question $i");
            self::assertSame("question $i", $reply->receive(self::PATIENCE_MS));
            self::assertSame("answer $i", $reply->send("answer $i") === $reply ? $request->receive() : null);
        }
    }

    public function testARequestWaitsForAReplyThatComesLater(): void
    {
        $place = new Reply(bind: self::FREE_PORT);
        $endpoint = $place->endpoint();
        $place->unbind($endpoint);
        $request = new Request(connect: $endpoint);
        $request->send('early');
        $reply = new Reply();
        // unbind() gives the port back only by and by.
        for ($deadline = hrtime(true) + self::PATIENCE_MS * 1_000_000; $reply->endpoint() === '';) {
            try {
                $reply->bind($endpoint);
            } catch (ConnectionFailed $e) {
                self::assertLessThan($deadline, hrtime(true), $e->getMessage());
            }
        }
        self::assertSame('early', $reply->receive(self::PATIENCE_MS));
    }

    public function testARequestGoesToSeveralRepliesInTurn(): void
    {
        $replies = [];
        foreach (['a', 'b', 'c'] as $name) {
            $replies[$name] = new Reply(bind: "inproc://fair-$name");
        }
        $request = new Request(connect: ['inproc://fair-a', 'inproc://fair-b', 'inproc://fair-c']);
        $answers = '';
        for ($i = 0; $i < 9; $i++) {
            $request->sendFrames(['hello', 'again']);
            foreach ($replies as $name => $reply) {
                if ($reply->hasMessage()) {
                    self::assertSame(['hello', 'again'], $reply->receiveFrames());
                    $reply->send($name);
                }
            }
            $answers .= $request->receive(self::PATIENCE_MS);
        }
        self::assertSame('abcabcabc', $answers);
    }

    public function testWorkIsSharedOutFairly(): void
    {
        $push = new Push(bind: 'inproc://work');
        $pulls = [new Pull(connect: 'inproc://work'), new Pull(connect: 'inproc://work')];
        for ($i = 0; $i < 100; $i++) {
            $push->send((string) $i);
        }
        foreach ($pulls as $first => $pull) {
            for ($i = $first; $i < 100; $i += 2) {
                self::assertSame((string) $i, $pull->receive(0));
            }
            self::assertFalse($pull->hasMessage());
        }
    }

    public function testNothingIsLostWhenAPushIsClosed(): void
    {
        $pull = new Pull(bind: self::FREE_PORT);
        $push = new Push(connect: $pull->endpoint());
        for ($i = 0; $i < 500; $i++) {
            $push->send((string) $i);
        }
        $push->close();
        for ($i = 0; $i < 500; $i++) {
            self::assertSame((string) $i, $pull->receive(self::PATIENCE_MS));
        }
    }

    public function testAllSubscribersGetEverythingTheyAskedFor(): void
    {
        // An XPublisher sees when they have joined.
        $publisher = new XPublisher(bind: self::FREE_PORT, options: ['ZMQ_XPUB_VERBOSE' => true]);
        $sport = new Subscriber($publisher->endpoint(), topics: 'sport');
        $all = new Subscriber($publisher->endpoint());
        $some = new Subscriber($publisher->endpoint(), topics: ['sport', 'news']);
        $joined = [];
        for ($i = 0; $i < 4; $i++) {
            $joined[] = $publisher->receive(self::PATIENCE_MS);
        }
        sort($joined);
        self::assertSame(["\1", "\1news", "\1sport", "\1sport"], $joined);

        // Fewer than the high-water mark of 1,000, so nothing may be lost.
        for ($i = 0; $i < 300; $i++) {
            $publisher->send('sport', "$i")->send('news', "$i")->send('weather', "$i");
        }
        foreach ([[$sport, ['sport']], [$all, ['sport', 'news', 'weather']], [$some, ['sport', 'news']]] as $one) {
            [$subscriber, $topics] = $one;
            for ($i = 0; $i < 300; $i++) {
                foreach ($topics as $topic) {
                    self::assertSame([$topic, "$i"], $subscriber->receiveFrames(self::PATIENCE_MS));
                }
            }
            self::assertFalse($subscriber->hasMessage());
        }
    }

    public function testAPublisherWaitsForNobody(): void
    {
        $publisher = new Publisher(bind: self::FREE_PORT);
        for ($i = 0; $i < 5000; $i++) {
            $publisher->send('into the void');
        }
        $subscriber = new Subscriber($publisher->endpoint());
        $deadline = hrtime(true) + self::PATIENCE_MS * 1_000_000;
        do {
            $publisher->send('topic', 'joined');
        } while (!$subscriber->hasMessage(10) && hrtime(true) < $deadline);
        self::assertSame('joined', $subscriber->receive(0), 'and nothing from before');
    }

    public function testASubscriptionCanBeTakenBack(): void
    {
        $publisher = new XPublisher(bind: self::FREE_PORT);
        $subscriber = new Subscriber($publisher->endpoint(), topics: []);
        $subscriber->subscribe('a')->subscribe('b');
        self::assertSame("\1a", $publisher->receive(self::PATIENCE_MS));
        self::assertSame("\1b", $publisher->receive(self::PATIENCE_MS));
        $subscriber->unsubscribe('a');
        self::assertSame("\0a", $publisher->receive(self::PATIENCE_MS));
        $publisher->send('a1')->send('b1');
        self::assertSame('b1', $subscriber->receive(self::PATIENCE_MS));
        self::assertFalse($subscriber->hasMessage());
    }

    public function testAnXSubscriberPassesSubscriptionsOn(): void
    {
        $publisher = new XPublisher(bind: self::FREE_PORT);
        $subscriber = new XSubscriber(connect: $publisher->endpoint());
        $subscriber->subscribe('x');
        self::assertSame("\1x", $publisher->receive(self::PATIENCE_MS));
        $publisher->send('xyz');
        self::assertSame('xyz', $subscriber->receive(self::PATIENCE_MS));
        $subscriber->unsubscribe('x');
        self::assertSame("\0x", $publisher->receive(self::PATIENCE_MS));
    }

    public function testARouterAnswersTheDealerThatAsked(): void
    {
        $router = new Router(bind: self::FREE_PORT);
        $dealers = [
            'one' => new Dealer($router->endpoint(), options: ['ZMQ_ROUTING_ID' => 'one']),
            'two' => new Dealer($router->endpoint(), options: ['ZMQ_ROUTING_ID' => 'two']),
        ];
        foreach ($dealers as $name => $dealer) {
            $dealer->send("from $name")->send("more from $name");
        }
        for ($i = 0; $i < 4; $i++) {
            [$id, $body] = $router->receiveFrames(self::PATIENCE_MS);
            $router->send($id, "to $id, $body");
        }
        foreach ($dealers as $name => $dealer) {
            self::assertSame("to $name, from $name", $dealer->receive(self::PATIENCE_MS));
            self::assertSame("to $name, more from $name", $dealer->receive(self::PATIENCE_MS));
        }
    }

    public function testARouterAnswersARequest(): void
    {
        $router = new Router(bind: 'inproc://router');
        $request = new Request('inproc://router');
        $request->send('question');
        [$id, $empty, $body] = $router->receiveFrames(self::PATIENCE_MS);
        self::assertSame(['', 'question'], [$empty, $body]);
        self::assertSame('answer', $router->send($id, '', 'answer') === $router ? $request->receive() : null);
    }

    public function testAPairTalksBothWays(): void
    {
        $one = new Pair(bind: 'inproc://pair');
        $other = new Pair(connect: 'inproc://pair');
        $one->send('there');
        $other->send('and back');
        self::assertSame(['there', 'and back'], [$other->receive(), $one->receive()]);
    }

    public function testAStreamSpeaksPlainTcp(): void
    {
        $stream = new Stream(bind: self::FREE_PORT);
        $peer = stream_socket_client($stream->endpoint());
        [$id, $begun] = $stream->receiveFrames(self::PATIENCE_MS);
        self::assertSame('', $begun);
        stream_set_timeout($peer, 20);
        fwrite($peer, 'GET /');
        self::assertSame([$id, 'GET /'], $stream->receiveFrames(self::PATIENCE_MS));
        $stream->send($id, "HTTP/1.0 404\r\n");
        self::assertSame("HTTP/1.0 404\r\n", fgets($peer));
        $stream->send($id, '');
        stream_set_blocking($peer, false);
        $deadline = hrtime(true) + self::PATIENCE_MS * 1_000_000;
        while (!feof($peer) && hrtime(true) < $deadline) {
            fgets($peer);
            // Its own side of the end, a socket does in its calls.
            $stream->hasMessage(5);
        }
        self::assertTrue(feof($peer));
    }
}
