<?php

declare(strict_types=1);

namespace Zroute\Tests\Socket;

use Zroute\Socket\Pull;
use Zroute\Socket\Push;
use Zroute\Socket\Reply;
use Zroute\Socket\Request;
use Zroute\Socket\Subscriber;
use Zroute\Socket\XPublisher;
use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * Signals, forks and the end of a process, with sockets open.
 */
final class ProcessTest extends ProcessTestCase
{
    private const PATIENCE_MS = 60_000;

    /** @return iterable<string, array{string, string}> */
    public static function waits(): iterable
    {
        foreach (['receive', 'loop', 'send', 'poll', 'proxy', 'monitor'] as $wait) {
            yield "$wait, with pcntl_async_signals" => [$wait, '1'];
            yield "$wait, without" => [$wait, '0'];
        }
    }

    /** @dataProvider waits */
    public function testASignalHandlerRunsAndTheWaitGoesOn(string $wait, string $async): void
    {
        $process = $this->script('sockets_waiting', $wait, $async);
        self::assertSame('ready', $process->readLine());
        for ($i = 0; $i < 5; $i++) {
            $process->signal(SIGUSR1);
            self::assertSame('signal', $process->readLine());
        }
        $process->signal(SIGUSR2);
        self::assertSame("thrown: enough\n", $process->readAll(), $process->errors());
        self::assertSame(0, $process->wait());
    }

    /** @dataProvider waits */
    public function testASignalHandlerMayStopOrCloseWhatWaits(string $wait, string $async): void
    {
        $process = $this->script('sockets_waiting', $wait, $async);
        self::assertSame('ready', $process->readLine());
        $process->signal(SIGTERM);
        self::assertSame("ended\n", $process->readAll(), $process->errors());
        self::assertSame(0, $process->wait());
    }

    public function testTheParentGoesOnAndTheChildIsTold(): void
    {
        $process = $this->script('sockets_forking');
        self::assertSame(
            "exit: 3\nparent: 1 2\nkill: 137\nparent: 1 2\nunset: 3\nparent: 1 2\n",
            $process->readAll(),
            $process->errors()
        );
        self::assertSame(0, $process->wait());
        self::assertSame('', $process->errors());
    }

    /** @return iterable<string, array{string, int}> */
    public static function ends(): iterable
    {
        yield 'of the script' => ['script', 0];
        yield 'by exit()' => ['exit', 7];
        yield 'by an exception' => ['exception', 255];
        yield 'in a function' => ['function', 0];
        yield 'with a cycle of objects' => ['cycle', 0];
        yield 'with statics' => ['static', 0];
        yield 'with a destructor that sends' => ['destructor', 0];
        yield 'with a context of its own' => ['context', 0];
    }

    /** @dataProvider ends */
    public function testWhatWasSentArrivesThoughTheProcessEnds(string $end, int $code): void
    {
        $pull = new Pull(bind: 'tcp://127.0.0.1:*');
        for ($turn = 0; $turn < 5; $turn++) {
            $process = $this->script('sockets_ending', $end, $pull->endpoint());
            for ($i = 0; $i < 100; $i++) {
                self::assertSame("$i", $pull->receive(self::PATIENCE_MS));
            }
            self::assertSame($code, $process->wait(), $process->errors());
        }
    }

    /** @dataProvider ends */
    public function testAProcessEndsThoughNobodyTakesWhatItSent(string $end, int $code): void
    {
        $process = $this->script('sockets_ending', $end, 'tcp://127.0.0.1:1');
        self::assertSame($code, $process->wait(), $process->errors());
    }

    public function testAProxyPassesRequestsOn(): void
    {
        $process = $this->script('sockets_proxy', 'requests');
        [$front, $back] = [$process->readLine(), $process->readLine()];
        $request = new Request($front);
        $reply = new Reply($back);
        for ($i = 0; $i < 3; $i++) {
            $request->send("question $i", 'of two frames');
            self::assertSame(["question $i", 'of two frames'], $reply->receiveFrames(self::PATIENCE_MS));
            $reply->send("answer $i");
            self::assertSame("answer $i", $request->receive(self::PATIENCE_MS));
        }
    }

    public function testAProxyShowsWhatItPassesOnAndDoesAsItIsTold(): void
    {
        $process = $this->script('sockets_proxy', 'work');
        [$front, $back, $shown, $told] = array_map(static fn (): string => $process->readLine(), range(1, 4));
        $push = new Push($front);
        $pull = new Pull($back);
        $capture = new Pull($shown);
        $push->send('one', 'two');
        self::assertSame(['one', 'two'], $pull->receiveFrames(self::PATIENCE_MS));
        self::assertSame(['one', 'two'], $capture->receiveFrames(self::PATIENCE_MS));
        (new Push($told))->send('TERMINATE');
        self::assertSame("ended\n", $process->readAll());
    }

    public function testAProxyPassesNewsAndSubscriptionsOn(): void
    {
        $process = $this->script('sockets_proxy', 'news');
        [$front, $back] = [$process->readLine(), $process->readLine()];
        $publisher = new XPublisher($front);
        $subscriber = new Subscriber($back, topics: 'sport');
        self::assertSame("\1sport", $publisher->receive(self::PATIENCE_MS));
        $publisher->send('news', 'no')->send('sport', 'yes');
        self::assertSame('yes', $subscriber->receive(self::PATIENCE_MS));
        $process->signal(SIGTERM);
        self::assertSame("ended\n", $process->readAll());
    }

    private function script(string $name, string ...$arguments): ChildProcess
    {
        return $this->own(ChildProcess::php(__DIR__ . "/../clients/$name.php", $arguments));
    }
}
