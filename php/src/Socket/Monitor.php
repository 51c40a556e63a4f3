<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\ForkedHandle;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\NativeError;
use Zroute\Exception\SocketClosed;
use Zroute\Exception\Timeout;
use Zroute\Socket;

/**
 * Tells what happens to another socket's connections. It may wait in a Poll
 * like any socket. A socket has one monitor at a time.
 *
 *     $monitor = new Monitor($push, Event::CONNECTED | Event::DISCONNECTED);
 *     foreach ($monitor as $event) {
 *         echo $event->name, ' ', $event->endpoint, "\n";
 *     }
 *
 * @implements \IteratorAggregate<int, Event>
 */
final class Monitor extends Socket implements \IteratorAggregate
{
    protected const TYPE = 'ZMQ_PAIR';

    private static int $count = 0;

    /** @var \WeakReference<Socket>|null */
    private ?\WeakReference $of = null;

    /**
     * @param int $events which, of Event's constants; best before the socket's endpoints are given
     * @throws InvalidOption when these are none
     * @throws ConnectionFailed|SocketClosed|ForkedHandle|NativeError
     */
    public function __construct(Socket $socket, int $events = Event::ALL)
    {
        if (($events & Event::ALL) === 0) {
            throw new InvalidOption("events are expected to be Event's constants, joined by |, got $events");
        }
        $this->of = \WeakReference::create($socket);
        // Events that nobody takes must not hold up the socket.
        parent::__construct(options: ['ZMQ_RCVHWM' => 0], context: $socket->context());
        $endpoint = 'inproc://zroute-monitor-' . ++self::$count;
        $this->check($this->native->monitor($socket->handle(), $endpoint, $events));
        $this->connect($endpoint);
    }

    /**
     * Waits for an event.
     *
     * @param int|null $timeoutMs how long, -1 for ever, 0 for not at all; null takes ZMQ_RCVTIMEO, by default -1
     * @throws Timeout when there was none in time
     * @throws SocketClosed|ForkedHandle
     */
    public function receive(?int $timeoutMs = null): Event
    {
        return new Event(...$this->within(
            $timeoutMs,
            self::READABLE,
            fn (): array|int => $this->native->receiveEvent($this->handle(), self::DONT_WAIT)
        ));
    }

    /** Ends the loop over this monitor, or the next one; from inside or from a signal handler. */
    public function stop(): void
    {
        $this->stopLoop();
    }

    /** @return \Generator<int, Event> what receive() gives, until the socket is closed */
    public function getIterator(): \Generator
    {
        foreach ($this->each(fn (): Event => $this->receive()) as $event) {
            yield $event;
            if ($event->type === Event::MONITOR_STOPPED) {
                return;
            }
        }
    }

    public function __debugInfo(): array
    {
        return parent::__debugInfo() + ['of' => $this->of?->get()?->describe()];
    }

    public function close(): void
    {
        [$of, $this->of] = [$this->of?->get(), null];
        try {
            if ($of !== null) {
                $this->native->monitor($of->handle(), null, 0);
            }
        } catch (SocketClosed) {
            // That has ended it too.
        }
        parent::close();
    }
}
