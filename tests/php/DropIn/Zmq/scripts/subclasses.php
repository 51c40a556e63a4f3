<?php

// Classes that programs make of these.

require __DIR__ . '/tell.php';

class Greeter extends ZMQSocket
{
    private array $sent = [];

    public function send($message, $mode = 0)
    {
        $this->sent[] = $message;
        return parent::send("Hello $message", $mode);
    }

    public function sent(): array
    {
        return $this->sent;
    }
}

class Named extends ZMQContext
{
    public ?string $name = null;

    public function getSocket($type, $dsn = null, $on_new_socket = null)
    {
        return parent::getSocket($type, $dsn, $on_new_socket);
    }
}

class Counted extends ZMQPoll
{
    public int $polls = 0;

    public function poll(&$readable, &$writable, $timeout = -1)
    {
        $this->polls++;
        return parent::poll($readable, $writable, $timeout);
    }
}

class Quiet extends ZMQDevice
{
    public function run()
    {
        $this->setTimerCallback(fn () => false, 1);
        return parent::run();
    }
}

$context = new Named(1);
$context->name = 'mine';
$a = $context->getSocket(ZMQ::SOCKET_PAIR)->bind('inproc://subclasses');
tell('what a context makes', fn () => get_class($a));
$b = new Greeter($context, ZMQ::SOCKET_PAIR, null, fn (ZMQSocket $socket) => print get_class($socket) . "\n");
tell('connect', fn () => $b->connect('inproc://subclasses') === $b);
tell('send', fn () => $b->send('you') === $b);
tell('sent', fn () => $b->sent());
tell('came', fn () => $a->recv());
tell('parts go past send', fn () => [$b->sendMulti(['x', 'y']) === $b, $b->sent(), $a->recvMulti()]);
$b->send('again');
$poll = new Counted();
$poll->add($a, ZMQ::POLL_IN);
tell('poll', fn () => [$poll->poll($read, $write), $poll->polls]);
$poll->add($b, ZMQ::POLL_OUT);
tell('run', fn () => (new Quiet($a, $b))->run());
tell('abstract', fn () => (new class ($context, ZMQ::SOCKET_PUB) extends ZMQSocket {
})->getSocketType());

class Mine extends ZMQException
{
}
tell('an exception', fn () => throw new Mine('own', 5));
tell('one of theirs', fn () => throw new ZMQSocketException('own', 6, new ZMQPollException('before')));
tell('its parents', fn () => class_parents(new ZMQDeviceException()));

// One with a destructor that leaves its parent's out.
class Leaving extends ZMQSocket
{
    public function __destruct()
    {
        echo "  left\n";
    }
}
$leaving = new Leaving($context, ZMQ::SOCKET_PAIR);
$leaving->bind('inproc://leaving');
unset($leaving);
$next = $context->getSocket(ZMQ::SOCKET_PAIR);
tell('its endpoint is free', fn () => comes(function () use ($next) {
    try {
        return $next->bind('inproc://leaving') === $next;
    } catch (ZMQSocketException) {
        return false;
    }
}));
