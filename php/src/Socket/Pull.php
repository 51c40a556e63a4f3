<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Socket;

/**
 * Takes in work that Push sockets hand out, from all of them in turn.
 *
 * @implements \IteratorAggregate<int, string>
 */
final class Pull extends Socket implements \IteratorAggregate
{
    use Receiving;

    protected const TYPE = 'ZMQ_PULL';
}
