<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Socket;

/**
 * Plain TCP, without ZeroMQ at the other end: messages are the connection's
 * routing id and some bytes. No bytes at all mean that it has begun or ended;
 * sending none ends it.
 *
 * @implements \IteratorAggregate<int, non-empty-list<string>>
 */
final class Stream extends Socket implements \IteratorAggregate
{
    use Receiving;
    use Sending;

    protected const TYPE = 'ZMQ_STREAM';

    /** @return \Generator<int, non-empty-list<string>> what receiveFrames() gives, one after the other */
    public function getIterator(): \Generator
    {
        return $this->frames();
    }
}
