<?php

declare(strict_types=1);

namespace Zroute\Tests\Socket;

use PHPUnit\Framework\TestCase;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\SocketClosed;
use Zroute\Socket\Context;
use Zroute\Socket\Poll;
use Zroute\Socket\Pull;
use Zroute\Socket\Push;

/**
 * Many sockets and streams are waited for at once.
 */
final class PollTest extends TestCase
{
    private const PATIENCE_MS = 60_000;

    private Context $context;
    private Push $push;
    private Pull $pull;
    /** @var resource */
    private $near;
    /** @var resource */
    private $far;

    protected function setUp(): void
    {
        $this->context = new Context();
        $this->push = new Push(bind: 'inproc://poll', options: ['ZMQ_SNDHWM' => 1], context: $this->context);
        $this->pull = new Pull('inproc://poll', options: ['ZMQ_RCVHWM' => 1], context: $this->context);
        [$this->near, $this->far] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    }

    public function testItNamesWhatIsReady(): void
    {
        $poll = new Poll(['socket' => $this->pull, 'stream' => $this->near], ['room' => $this->push]);
        self::assertSame(['room' => $this->push], $poll->wait(0));
        $this->push->send('1');
        self::assertSame(['socket' => $this->pull, 'room' => $this->push], $poll->wait(0));
        $this->push->send('2');
        self::assertSame(['socket' => $this->pull], $poll->wait(0));
        fwrite($this->far, 'x');
        self::assertSame(['socket' => $this->pull, 'stream' => $this->near], $poll->wait(self::PATIENCE_MS));
        self::assertSame(['1', '2', 'x'], [$this->pull->receive(), $this->pull->receive(), fread($this->near, 9)]);
        self::assertSame(['room' => $this->push], $poll->wait(self::PATIENCE_MS));
        self::assertSame([], $poll->remove('room')->wait(0));
    }

    public function testNoMessageOfABurstIsOverlooked(): void
    {
        $pulls = $pushes = [];
        for ($i = 0; $i < 50; $i++) {
            $pulls["of $i"] = $pull = new Pull(bind: 'tcp://127.0.0.1:*');
            $pushes["of $i"] = new Push($pull->endpoint());
        }
        $poll = new Poll($pulls);
        $seen = array_fill_keys(array_keys($pulls), 0);
        foreach ([3, 1, 7] as $burst) {
            foreach ($pushes as $name => $push) {
                for ($i = 0; $i < $burst; $i++) {
                    $push->send($name);
                }
            }
            // One message a turn, so that more are left in the queue and nothing new comes in.
            for ($left = 50 * $burst; $left > 0;) {
                $ready = $poll->wait(self::PATIENCE_MS);
                self::assertNotSame([], $ready);
                foreach ($ready as $name => $pull) {
                    self::assertSame($name, $pull->receive(0));
                    $seen[$name]++;
                    $left--;
                }
            }
        }
        self::assertSame([], $poll->wait(0));
        self::assertSame(array_fill_keys(array_keys($pulls), 11), $seen);
    }

    public function testWhatPhpHasReadAheadIsReadyToo(): void
    {
        $poll = new Poll([$this->near]);
        fwrite($this->far, "one\ntwo\n");
        self::assertSame([$this->near], $poll->wait(self::PATIENCE_MS));
        self::assertSame("one\n", fgets($this->near));
        self::assertSame([$this->near], $poll->wait(0), 'the second line is in no descriptor');
        self::assertSame("two\n", fgets($this->near));
        self::assertSame([], $poll->wait(0));
        fclose($this->far);
        self::assertSame([$this->near], $poll->wait(self::PATIENCE_MS));
        self::assertFalse(fgets($this->near));
        self::assertTrue(feof($this->near));
    }

    public function testAllKindsOfStreamsAreFound(): void
    {
        $server = stream_socket_server('tcp://127.0.0.1:0');
        $client = stream_socket_client('tcp://' . stream_socket_get_name($server, false));
        $accepted = stream_socket_accept($server);
        $process = proc_open(['cat'], [['pipe', 'r'], ['pipe', 'w']], $pipes);
        // Two terminals whose ends here have one file.
        $terminals = [];
        $typists = [];
        foreach (['a', 'b'] as $name) {
            $typists[$name] = proc_open(['sh', '-c', "read go; echo $name"], [['pipe', 'r'], ['pty'], ['pty']], $ends);
            $terminals[$name] = $ends;
        }
        $poll = new Poll([
            'server' => $server, 'client' => $client, 'accepted' => $accepted, 'pipe' => $pipes[1],
            'a' => $terminals['a'][1], 'b' => $terminals['b'][1],
        ]);
        self::assertSame([], $poll->wait(0));
        $events = [
            'server' => fn () => stream_socket_client('tcp://' . stream_socket_get_name($server, false)),
            'client' => fn () => fwrite($accepted, "x\n"),
            'accepted' => fn () => fwrite($client, "x\n"),
            'pipe' => fn () => fwrite($pipes[0], "x\n"),
            'b' => fn () => fwrite($terminals['b'][0], "go\n"),
            'a' => fn () => fwrite($terminals['a'][0], "go\n"),
        ];
        foreach ($events as $name => $event) {
            $kept = $event();
            self::assertSame([$name], array_keys($poll->wait(self::PATIENCE_MS)));
            $poll->remove($name);
        }
        self::assertSame(['room'], array_keys((new Poll([], ['room' => $pipes[0]]))->wait(0)));
        array_map(proc_terminate(...), [...array_values($typists), $process]);
        array_map(proc_close(...), [...array_values($typists), $process]);
    }

    public function testStopEndsTheWait(): void
    {
        $poll = new Poll([$this->pull]);
        $poll->stop();
        self::assertSame([], $poll->wait());
        $this->push->send('x');
        self::assertSame([$this->pull], $poll->wait());
        $poll->stop();
        self::assertSame([], $poll->wait(), 'though it is never without work');
        self::assertSame([$this->pull], $poll->wait());
    }

    public function testWhatCannotBeWaitedForIsRefused(): void
    {
        $closed = fopen('php://temp', 'r');
        fclose($closed);
        foreach ([fopen('php://memory', 'r'), $closed, 'text', null, new \stdClass()] as $source) {
            try {
                new Poll(['mine' => $source]);
                self::fail('it was taken');
            } catch (InvalidOption $e) {
                self::assertStringStartsWith("'mine' is ", $e->getMessage());
            }
        }
        $poll = new Poll(['mine' => $this->pull]);
        foreach ([fn () => $poll->readable('mine', $this->push), fn () => (new Poll())->wait()] as $use) {
            try {
                $use();
                self::fail('it was taken');
            } catch (InvalidOption $e) {
                self::assertNotSame('', $e->getMessage());
            }
        }
    }

    public function testAStreamThatWasClosedIsNotTakenForAnother(): void
    {
        foreach (['readable', 'writable'] as $event) {
            $stream = tmpfile();
            $poll = (new Poll())->$event('mine', $stream);
            self::assertSame(['mine' => $stream], $poll->wait(0));
            fclose($stream);
            try {
                $poll->wait(0);
                self::fail('it was waited for');
            } catch (InvalidOption $e) {
                self::assertSame("the stream 'mine' was closed; remove() it before that", $e->getMessage());
            }
            self::assertSame([], $poll->remove('mine')->wait(0));
        }
    }

    public function testAProgramsErrorHandlerHearsNothingOfHowStreamsAreFound(): void
    {
        $told = [];
        set_error_handler(static function (int $level, string $message) use (&$told): bool {
            $told[] = $message;
            return true;
        });
        try {
            $stream = tmpfile();
            self::assertSame(['mine' => $stream], (new Poll(['mine' => $stream]))->wait(0));
        } finally {
            restore_error_handler();
        }
        self::assertSame([], $told);
    }

    public function testAClosedSocketIsNoLongerWaitedFor(): void
    {
        $poll = new Poll([$this->pull]);
        $this->pull->close();
        $this->expectException(SocketClosed::class);
        $poll->wait(0);
    }

    public function testTheEndOfTheContextEndsTheWait(): void
    {
        $poll = new Poll([$this->pull]);
        $this->context->shutDown();
        $this->expectException(SocketClosed::class);
        $poll->wait();
    }
}
