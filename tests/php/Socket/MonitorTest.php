<?php

declare(strict_types=1);

namespace Zroute\Tests\Socket;

use PHPUnit\Framework\TestCase;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\Timeout;
use Zroute\Socket\Event;
use Zroute\Socket\Monitor;
use Zroute\Socket\Poll;
use Zroute\Socket\Pull;
use Zroute\Socket\Push;

/**
 * A monitor tells what happens to a socket's connections.
 */
final class MonitorTest extends TestCase
{
    private const PATIENCE_MS = 60_000;

    public function testItTellsOfAConnectionFromItsBeginningToItsEnd(): void
    {
        $push = new Push();
        $monitor = new Monitor($push);
        $endpoint = $push->bind('tcp://127.0.0.1:*');
        $pull = new Pull($endpoint);
        $names = [];
        foreach ($monitor as $event) {
            $names[] = $event->name;
            self::assertGreaterThanOrEqual(0, $event->value);
            if ($event->type === Event::HANDSHAKE_SUCCEEDED) {
                $pull->close();
            } elseif ($event->type === Event::DISCONNECTED) {
                $push->close();
            } else {
                self::assertContains($event->endpoint, [$endpoint, '']);
            }
        }
        self::assertSame(['LISTENING', 'ACCEPTED', 'HANDSHAKE_SUCCEEDED', 'DISCONNECTED'], array_slice($names, 0, 4));
        self::assertSame('MONITOR_STOPPED', end($names));
    }

    public function testItTellsOnlyWhatItIsAskedFor(): void
    {
        $pull = new Pull(bind: 'tcp://127.0.0.1:*');
        $push = new Push();
        $monitor = new Monitor($push, Event::HANDSHAKE_SUCCEEDED);
        self::assertSame([], (new Poll([$monitor]))->wait(0));
        $push->connect($pull->endpoint());
        self::assertSame([$monitor], (new Poll([$monitor]))->wait(self::PATIENCE_MS));
        self::assertSame('HANDSHAKE_SUCCEEDED', $monitor->receive(0)->name);
        $this->expectException(Timeout::class);
        $monitor->receive(0);
    }

    public function testItIsToTellSomething(): void
    {
        $this->expectException(InvalidOption::class);
        $this->expectExceptionMessage("Event's constants");
        new Monitor(new Push(), 0);
    }

    public function testASocketMayHaveAnotherAfterIt(): void
    {
        $push = new Push();
        $first = new Monitor($push);
        $first->close();
        $first->close();
        $second = new Monitor($push, Event::LISTENING);
        unset($first);
        $push->bind('tcp://127.0.0.1:*');
        self::assertSame(Event::LISTENING, $second->receive(self::PATIENCE_MS)->type);
        $push->close();
    }

    public function testUnreadEventsHoldNothingUp(): void
    {
        $push = new Push();
        $monitor = new Monitor($push);
        for ($i = 0; $i < 3000; $i++) {
            $push->unbind($push->bind('ipc://*'));
        }
        $push->close();
        $seen = 0;
        foreach ($monitor as $event) {
            $seen++;
        }
        self::assertGreaterThan(6000, $seen);
    }
}
