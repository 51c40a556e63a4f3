<?php

// Everything is still open at the end, and held by who knows what.

$context = new ZMQContext();
$own = new ZMQContext(1, false);
$sockets = [];
foreach ([$context, $own, ZMQContext::acquire(), new ZMQContext(2, false)] as $i => $one) {
    $sockets[] = $one->getSocket(ZMQ::SOCKET_REP)->bind("inproc://$i")->bind('tcp://127.0.0.1:*');
    $sockets[] = $one->getSocket(ZMQ::SOCKET_REQ)->connect("inproc://$i");
    $sockets[] = $one->getSocket(ZMQ::SOCKET_SUB, "kept $i")->connect('tcp://127.0.0.1:1');
}
$cycle = new stdClass();
$cycle->self = $cycle;
$cycle->socket = new ZMQSocket(new ZMQContext(1, false), ZMQ::SOCKET_PUB);
$poll = new ZMQPoll();
$poll->add($sockets[0], ZMQ::POLL_IN);
$device = new ZMQDevice($sockets[0], $sockets[3]);
$device->setTimerCallback(fn () => $device === null, 10);
unset($own, $cycle, $context);
echo "end\n";
