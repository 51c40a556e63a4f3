<?php

// A child makes contexts and sockets of its own; what it has from its parent does nothing.

require __DIR__ . '/tell.php';

$context = new ZMQContext();
$rep = $context->getSocket(ZMQ::SOCKET_REP)->bind('tcp://127.0.0.1:*');
$endpoint = $rep->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT);
$own = new ZMQContext(1, false);
$kept = $own->getSocket(ZMQ::SOCKET_PAIR)->bind('inproc://kept');
$children = [];
foreach (['own' => [1, false], 'with more threads' => [3, true]] as $how => $arguments) {
    $child = pcntl_fork();
    if ($child === 0) {
        $request = (new ZMQContext(...$arguments))->getSocket(ZMQ::SOCKET_REQ);
        $request->connect($endpoint)->send("from a child, $how");
        exit($request->recv() === 'answer' ? 0 : 1);
    }
    tell('came', fn () => $rep->recv());
    $rep->send('answer');
    pcntl_waitpid($child, $status);
    tell('it ends', fn () => $status);
}
// The parent's work on.
$peer = $own->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://kept')->send('still here');
tell('came', fn () => $kept->recv());
$request = $context->getSocket(ZMQ::SOCKET_REQ)->connect($endpoint)->send('from the parent');
tell('came', fn () => $rep->recv());
unset($peer, $kept);
