<?php

// Single messages: what send and receive give, flags, and what fails.

require __DIR__ . '/tell.php';

$context = new ZMQContext();
$rep = $context->getSocket(ZMQ::SOCKET_REP)->bind('inproc://single');
$req = $context->getSocket(ZMQ::SOCKET_REQ)->connect('inproc://single');

tell('send', fn () => $req->send('hello') === $req);
tell('recv', fn () => $rep->recv());
tell('sendmsg', fn () => $rep->sendMsg('world', 0) === $rep);
tell('recvmsg', fn () => $req->RECVMSG(0));

tell('nothing there', fn () => $rep->recv(ZMQ::MODE_DONTWAIT));
tell('nothing there, by its old name', fn () => $rep->recv(ZMQ::MODE_NOBLOCK));
tell('not its turn to receive', fn () => $req->recv());
tell('not its turn to receive, without waiting', fn () => $req->recv(ZMQ::MODE_DONTWAIT));
tell('not its turn to send', fn () => $rep->send('no'));
$req->send('one');
tell('not its turn to send again', fn () => $req->send('two'));
$rep->setSockOpt(ZMQ::SOCKOPT_RCVTIMEO, 10);
tell('one', fn () => $rep->recv(100));
$rep->send('1');
$req->recv();
tell('a flag is no timeout, this is', fn () => $rep->recv(100));

$push = $context->getSocket(ZMQ::SOCKET_PUSH);
tell('nobody there', fn () => $push->send('x', ZMQ::MODE_DONTWAIT));
$push->setSockOpt(ZMQ::SOCKOPT_SNDTIMEO, 10);
tell('nobody there in time', fn () => $push->send('x'));
tell('cannot receive', fn () => $push->recv());
$pub = $context->getSocket(ZMQ::SOCKET_PUB);
tell('nobody listens', fn () => $pub->send('x') === $pub);
tell('a publisher cannot receive', fn () => $pub->recv(ZMQ::MODE_DONTWAIT));
tell('a subscriber cannot send', fn () => $context->getSocket(ZMQ::SOCKET_SUB)->send('x'));

$a = $context->getSocket(ZMQ::SOCKET_PAIR)->bind('inproc://values');
$b = $context->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://values');
foreach (['', "\0", "a\0b", str_repeat('x', 100), 17, -1.5, true, false, "\xff\xfe"] as $value) {
    tell('sent ' . json_encode($value, JSON_INVALID_UTF8_SUBSTITUTE), fn () => $a->send($value) === $a);
    tell('came', fn () => bin2hex($b->recv(ZMQ::MODE_DONTWAIT)));
}
$large = random_bytes(3_000_001);
$a->send($large);
tell('large', fn () => $b->recv() === $large);
tell('an object', fn () => $a->send(new class {
    public function __toString(): string
    {
        return 'of an object';
    }
}) === $a);
tell('as a text', fn () => $b->recv());
tell('no text', fn () => $a->send(new stdClass()));
tell('an array', fn () => $a->send([]));
tell('flags: a word', fn () => $a->send('x', 'y'));
tell('flags: an array', fn () => $b->recv([]));
tell('flags: a number as a word', fn () => $b->recv('1'));
tell('flags: true', fn () => $b->recv(true));

tell('more', fn () => $a->send('part', ZMQ::MODE_SNDMORE) === $a);
tell('not before the rest', fn () => $b->recv(ZMQ::MODE_DONTWAIT));
tell('last', fn () => $a->send('end', ZMQ::MODE_DONTWAIT) === $a);
tell('first part', fn () => $b->recv());
tell('more to come', fn () => $b->getSockOpt(ZMQ::SOCKOPT_RCVMORE));
tell('last part', fn () => $b->recv());
tell('no more', fn () => $b->getSockOpt(ZMQ::SOCKOPT_RCVMORE));
tell('unknown flags', fn () => $a->send('z', 0x7000) === $a);
tell('arrived', fn () => $b->recv(ZMQ::MODE_DONTWAIT | 0x7000));

$router = $context->getSocket(ZMQ::SOCKET_ROUTER)->bind('inproc://router');
$router->setSockOpt(ZMQ::SOCKOPT_ROUTER_MANDATORY, 1);
tell('no such peer', fn () => $router->send('nobody', ZMQ::MODE_SNDMORE));
