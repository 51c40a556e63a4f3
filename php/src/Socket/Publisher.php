<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Socket;

/**
 * Sends every message to all Subscribers that want it. It never waits: a
 * subscriber that is not connected yet gets nothing, and one that is full
 * (ZMQ_SNDHWM here, ZMQ_RCVHWM there) loses messages.
 */
final class Publisher extends Socket
{
    use Sending;

    protected const TYPE = 'ZMQ_PUB';
}
