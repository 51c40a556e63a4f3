<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Socket;

/**
 * Hands out work: each message goes to one Pull, to the next in turn. It waits
 * while there is none, or all are full.
 */
final class Push extends Socket
{
    use Sending;

    protected const TYPE = 'ZMQ_PUSH';
}
