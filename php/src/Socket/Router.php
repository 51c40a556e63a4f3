<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Socket;

/**
 * A Reply without turns: each message that comes has the peer's routing id as
 * its first frame, and the first frame of what is sent says who gets it. A
 * message for a peer that is not there is dropped, or refused with
 * ZMQ_ROUTER_MANDATORY. A Request's messages have an empty frame before the body.
 *
 * @implements \IteratorAggregate<int, non-empty-list<string>>
 */
final class Router extends Socket implements \IteratorAggregate
{
    use Receiving;
    use Sending;

    protected const TYPE = 'ZMQ_ROUTER';

    /** @return \Generator<int, non-empty-list<string>> what receiveFrames() gives, one after the other */
    public function getIterator(): \Generator
    {
        return $this->frames();
    }
}
