<?php

// Messages of several parts.

require __DIR__ . '/tell.php';

$context = new ZMQContext();
$a = $context->getSocket(ZMQ::SOCKET_PAIR)->bind('inproc://multipart');
$b = $context->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://multipart');

tell('sent', fn () => $a->sendMulti(['one', 'two', "\0three"]) === $a);
tell('came', fn () => $b->recvMulti());
tell('nothing there', fn () => $b->recvMulti(ZMQ::MODE_DONTWAIT));
tell('nothing to send', fn () => $a->sendMulti([]));
tell('keys do not matter', fn () => $a->sendMulti(['x' => 1, 7 => 2.5, 'y' => true, 'z' => null]) === $a);
tell('came', fn () => $b->recvMulti(ZMQ::MODE_DONTWAIT));
tell('one part', fn () => $a->sendMulti(['alone'], ZMQ::MODE_DONTWAIT) === $a);
tell('came', fn () => $b->recvMulti());
tell('ends with the list, whatever the flag', fn () => $a->sendMulti(['p', 'q'], ZMQ::MODE_SNDMORE) === $a);
tell('came', fn () => $b->recvMulti(ZMQ::MODE_DONTWAIT));
tell('part by part', fn () => $a->send('r', ZMQ::MODE_SNDMORE)->sendMulti(['s', 't'])->send('u') === $a);
tell('came', fn () => $b->recvMulti());
tell('came', fn () => $b->recvMulti());
$a->sendMulti(['left', 'of', 'it']);
tell('the first', fn () => $b->recv());
tell('the rest', fn () => $b->recvMulti());
$parts = ['k' => new class {
    public function __toString(): string
    {
        return 'text';
    }
}];
tell('an object', fn () => $a->sendMulti($parts) === $a);
tell('came', fn () => $b->recvMulti());
tell('the array stays', fn () => array_map(get_debug_type(...), array_values($parts))[0] !== 'string');
tell('no array', fn () => $a->sendMulti('x'));
tell('flags', fn () => $a->sendMulti(['x'], []));
tell('flags', fn () => $b->recvMulti('x'));
$many = array_map(strval(...), range(1, 1000));
$a->sendMulti($many);
tell('many', fn () => $b->recvMulti() === $many);

$push = $context->getSocket(ZMQ::SOCKET_PUSH);
tell('nobody there', fn () => $push->sendMulti(['a', 'b'], ZMQ::MODE_DONTWAIT));
tell('cannot receive', fn () => $push->recvMulti());
$req = $context->getSocket(ZMQ::SOCKET_REQ);
tell('not its turn', fn () => $req->recvMulti(ZMQ::MODE_DONTWAIT));
$rep = $context->getSocket(ZMQ::SOCKET_REP);
tell('not its turn', fn () => $rep->sendMulti(['a', 'b']));

$router = $context->getSocket(ZMQ::SOCKET_ROUTER)->bind('inproc://routed');
$dealer = $context->getSocket(ZMQ::SOCKET_DEALER);
$dealer->setSockOpt(ZMQ::SOCKOPT_IDENTITY, 'me');
$dealer->connect('inproc://routed')->sendMulti(['', 'question']);
tell('with who asks', fn () => $router->recvMulti());
$router->sendMulti(['me', '', 'answer']);
tell('the answer', fn () => $dealer->recvMulti());
