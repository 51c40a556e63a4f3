<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\NativeError;
use Zroute\Socket;

use function count;

/**
 * Gets what Publishers send, if it begins with a topic that was asked for.
 *
 * A message of two frames is a topic and a body. In a loop the topic is the
 * key; of a message of one frame, the message itself is:
 *
 *     foreach ($subscriber as $topic => $body) {
 *         echo "$topic: $body\n";
 *     }
 *
 * It gets what is sent after its subscription has reached the publisher, and
 * nothing from before.
 *
 * @implements \IteratorAggregate<string, string>
 */
final class Subscriber extends Socket implements \IteratorAggregate
{
    use Receiving;

    protected const TYPE = 'ZMQ_SUB';

    /** @var list<string> */
    private array $topics;

    /**
     * @param string|list<string> $connect endpoints to connect to: tcp://127.0.0.1:5555, ipc:///run/a.sock, inproc://x
     * @param string|list<string> $bind endpoints to bind: the same, and tcp://*:5555, tcp://127.0.0.1:*
     * @param string|list<string> $topics how the messages begin that are wanted; '' means all, [] none
     * @param array<string, int|bool|string> $options by libzmq's names: ZMQ_RCVHWM, ZMQ_LINGER, …
     * @param Context|null $context null for the process's own
     * @throws InvalidOption|ConnectionFailed|NativeError
     */
    public function __construct(
        string|array $connect = [],
        string|array $bind = [],
        string|array $topics = '',
        array $options = [],
        ?Context $context = null,
    ) {
        $this->topics = (array) $topics;
        parent::__construct($connect, $bind, $options, $context);
    }

    protected function prepare(): void
    {
        foreach ($this->topics as $topic) {
            $this->subscribe($topic);
        }
    }

    /** Asks for the messages that begin with a topic; '' means all. */
    public function subscribe(string $topic): static
    {
        $this->check($this->native->subscribe($this->handle(), $topic));
        return $this;
    }

    /** Takes back one subscribe(). */
    public function unsubscribe(string $topic): static
    {
        $this->check($this->native->unsubscribe($this->handle(), $topic));
        return $this;
    }

    /**
     * Waits for a message: its body, if it has a topic before it.
     *
     * @param int|null $timeoutMs how long, -1 for ever, 0 for not at all; null takes ZMQ_RCVTIMEO, by default -1
     */
    public function receive(?int $timeoutMs = null): string
    {
        return $this->receiveTopic($timeoutMs)[1];
    }

    /** @return \Generator<string, string> bodies by topic, one after the other */
    public function getIterator(): \Generator
    {
        foreach ($this->each(fn (): array => $this->receiveTopic(null)) as [$topic, $body]) {
            yield $topic => $body;
        }
    }

    /** @return array{string, string} */
    private function receiveTopic(?int $timeoutMs): array
    {
        $frames = $this->receiveFrames($timeoutMs);
        if (count($frames) > 2) {
            throw new InvalidMessage(sprintf(
                '%s: a message of %d frames came, expected a topic and a body, or one frame; '
                . 'receiveFrames() takes any number',
                $this->describe(),
                count($frames)
            ));
        }
        return [$frames[0], $frames[1] ?? $frames[0]];
    }
}
