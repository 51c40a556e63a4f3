<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Socket;

/**
 * Answers Request sockets: receives and sends by turns.
 *
 * @implements \IteratorAggregate<int, string>
 */
final class Reply extends Socket implements \IteratorAggregate
{
    use Receiving;
    use Sending;

    protected const TYPE = 'ZMQ_REP';
}
