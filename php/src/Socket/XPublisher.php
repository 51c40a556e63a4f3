<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Socket;

/**
 * A Publisher that is told of subscriptions: it receives "\1" and the topic
 * when a topic gets its first subscriber, "\0" and the topic when it has lost
 * its last.
 *
 * @implements \IteratorAggregate<int, string>
 */
final class XPublisher extends Socket implements \IteratorAggregate
{
    use Receiving;
    use Sending;

    protected const TYPE = 'ZMQ_XPUB';
}
