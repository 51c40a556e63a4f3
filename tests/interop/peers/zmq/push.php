<?php

// Pushes as many messages as it is told to as many as it is told, and each an "end". Arguments: pullers, count.

[, $pullers, $count] = $argv;
$context = new ZMQContext();
$socket = $context->getSocket(ZMQ::SOCKET_PUSH);
$socket->monitor('inproc://monitor', ZMQ::EVENT_ALL);
$monitor = $context->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://monitor');
$socket->bind('tcp://127.0.0.1:*');
echo $socket->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT), "\n";
// Only then it knows of all among whom it shares out; ZMQ_EVENT_HANDSHAKE_SUCCEEDED.
for ($ready = 0; $ready < (int) $pullers;) {
    $ready += $monitor->recvEvent()['event'] === 0x1000 ? 1 : 0;
}
for ($i = 0; $i < (int) $count; $i++) {
    $socket->send("message $i");
}
for ($i = 0; $i < (int) $pullers; $i++) {
    $socket->send('end');
}
