<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Socket;

/**
 * Asks Reply sockets: sends and receives by turns. With several endpoints the
 * requests go to one after the other. A request that was sent before anybody is
 * there waits for them.
 *
 * After a Timeout it is still due to receive. Make a new one, or set
 * ZMQ_REQ_RELAXED and ZMQ_REQ_CORRELATE to be able to send again.
 *
 * @implements \IteratorAggregate<int, string>
 */
final class Request extends Socket implements \IteratorAggregate
{
    use Receiving;
    use Sending;

    protected const TYPE = 'ZMQ_REQ';
}
