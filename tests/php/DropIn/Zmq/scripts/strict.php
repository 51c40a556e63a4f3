<?php

declare(strict_types=1);

// From a file with strict types nothing is converted.

require __DIR__ . '/tell.php';

$context = new ZMQContext();
$a = $context->getSocket(ZMQ::SOCKET_PAIR)->bind('inproc://strict');
$b = $context->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://strict');
tell('a text', fn () => $a->send('text') === $a);
tell('came', fn () => $b->recv());
tell('a number', fn () => $a->send(17));
tell('an object', fn () => $a->send(new class {
    public function __toString(): string
    {
        return 'text';
    }
}));
tell('flags', fn () => $b->recv('1'));
tell('flags', fn () => $b->recv(true));
tell('flags', fn () => $b->recv(1.0));
tell('force', fn () => $b->bind('inproc://x', 1));
tell('type', fn () => $context->getSocket('3'));
tell('id', fn () => $context->getSocket(ZMQ::SOCKET_REQ, 17));
tell('threads', fn () => new ZMQContext('1'));
tell('persistent', fn () => new ZMQContext(1, 0));
tell('key', fn () => $a->getSockOpt('17'));
tell('value', fn () => $a->setSockOpt(ZMQ::SOCKOPT_LINGER, '17'));
tell('got', fn () => $a->getSockOpt(ZMQ::SOCKOPT_LINGER));
tell('parts', fn () => $a->sendMulti([1, 2.5, true, null]) === $a);
tell('came', fn () => $b->recvMulti());
tell('events', fn () => (new ZMQPoll())->add($a, '1'));
tell('timeout', fn () => (new ZMQDevice($a, $b))->setIdleTimeout('1'));
tell('data', fn () => ZMQ::z85encode(1234));
