<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Socket;

/**
 * One to one, both ways, at best between the parts of a process over inproc://.
 *
 * @implements \IteratorAggregate<int, string>
 */
final class Pair extends Socket implements \IteratorAggregate
{
    use Receiving;
    use Sending;

    protected const TYPE = 'ZMQ_PAIR';
}
