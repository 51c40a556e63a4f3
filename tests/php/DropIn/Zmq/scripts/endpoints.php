<?php

// bind, connect and their opposites, and the list of endpoints.

require __DIR__ . '/tell.php';

$context = new ZMQContext();
$a = $context->getSocket(ZMQ::SOCKET_PULL);
tell('none', fn () => $a->getEndpoints());
tell('bind', fn () => $a->bind('inproc://a') === $a);
tell('again', fn () => $a->bind('inproc://a') === $a);
tell('again by force', fn () => $a->bind('inproc://a', true));
tell('another', fn () => $a->bind('inproc://b', false) === $a);
tell('connect', fn () => $a->connect('inproc://c') === $a);
tell('again', fn () => $a->connect('inproc://c') === $a);
tell('again by force', fn () => $a->connect('inproc://c', 1) === $a);
tell('all', fn () => $a->getEndpoints());
tell('the last', fn () => $a->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT));
tell('taken', fn () => $context->getSocket(ZMQ::SOCKET_PULL)->bind('inproc://a'));

$wrong = ['', 'x', 'tcp:/x', 'tcp://', 'tcp://*', 'tcp://127.0.0.1:99999', 'udp://127.0.0.1:1', 'foo://bar',
    'inproc://'];
foreach ($wrong as $endpoint) {
    tell("bind $endpoint", fn () => $context->getSocket(ZMQ::SOCKET_PULL)->bind($endpoint)->getEndpoints());
    tell("connect $endpoint", fn () => $context->getSocket(ZMQ::SOCKET_PULL)->connect($endpoint)->getEndpoints());
}
tell('bind to an array', fn () => $a->bind([]));
tell('connect to a number', fn () => $a->connect(17));
tell('force: an array', fn () => $a->bind('inproc://x', []));
tell('not bound', fn () => $a->unbind('inproc://none'));
tell('not connected', fn () => $a->disconnect('inproc://none'));
tell('not bound', fn () => $a->unbind('tcp://127.0.0.1:1'));
tell('not connected', fn () => $a->disconnect('tcp://127.0.0.1:1'));
tell('no endpoint', fn () => $a->unbind('x'));
tell('no endpoint', fn () => $a->disconnect(''));
tell('after all that', fn () => $a->getEndpoints());

$b = $context->getSocket(ZMQ::SOCKET_PUSH);
tell('a free port', fn () => plain($b->bind('tcp://127.0.0.1:*')->getEndpoints()));
$endpoint = $b->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT);
tell('which', fn () => plain($endpoint));
$a->connect($endpoint);
tell('the same port', fn () => $context->getSocket(ZMQ::SOCKET_PUSH)->bind($endpoint));
$b->send('over tcp');
tell('came', fn () => $a->recv());
tell('disconnect', fn () => $a->disconnect($endpoint) === $a);
tell('left', fn () => plain($a->getEndpoints()));
tell('unbind', fn () => $b->unbind($endpoint) === $b);
tell('by another name than it was bound', fn () => plain($b->getEndpoints()));
$c = $context->getSocket(ZMQ::SOCKET_PUSH);
tell('free again', fn () => comes(function () use ($c, $endpoint) {
    try {
        return $c->bind($endpoint) === $c;
    } catch (ZMQSocketException) {
        return false;
    }
}));
tell('unbind', fn () => $c->unbind($endpoint)->getEndpoints());
tell('disconnect', fn () => $a->disconnect('inproc://c')->getEndpoints());
tell('unbind', fn () => $a->unbind('inproc://a')->getEndpoints());
tell('twice', fn () => $a->unbind('inproc://a'));

// A number as an endpoint's name is a text in the list.
$path = sys_get_temp_dir() . '/zroute-' . getmypid();
$d = $context->getSocket(ZMQ::SOCKET_PAIR)->bind("ipc://$path");
$e = $context->getSocket(ZMQ::SOCKET_PAIR)->connect("ipc://$path");
$e->send('over ipc');
tell('came', fn () => $d->recv());
$d->unbind("ipc://$path");
