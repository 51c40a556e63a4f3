<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Socket;

/**
 * A Request without turns: sends to its peers one after the other, and receives
 * from all of them. A Reply at the other end expects an empty frame before the
 * body: send('', $body).
 *
 * @implements \IteratorAggregate<int, string>
 */
final class Dealer extends Socket implements \IteratorAggregate
{
    use Receiving;
    use Sending;

    protected const TYPE = 'ZMQ_DEALER';
}
