<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Socket;

/**
 * A Subscriber for proxies: what it sends goes to the publishers, and
 * subscriptions are messages as XPublisher receives them.
 *
 * @implements \IteratorAggregate<int, string>
 */
final class XSubscriber extends Socket implements \IteratorAggregate
{
    use Receiving;
    use Sending;

    protected const TYPE = 'ZMQ_XSUB';

    /** Asks for the messages that begin with a topic; '' means all. */
    public function subscribe(string $topic): static
    {
        return $this->send("\1$topic");
    }

    public function unsubscribe(string $topic): static
    {
        return $this->send("\0$topic");
    }
}
