<?php

// A message for a peer that never comes, in a persistent context or an own one. Arguments: persistent or own, and
// the linger to set.

[, $kind, $linger] = $argv + [2 => null];
$socket = (new ZMQContext(1, $kind === 'persistent'))->getSocket(ZMQ::SOCKET_PUSH);
if ($linger !== null) {
    $socket->setSockOpt(ZMQ::SOCKOPT_LINGER, $linger);
}
echo 'linger ', $socket->getSockOpt(ZMQ::SOCKOPT_LINGER), "\n";
$socket->connect('tcp://127.0.0.1:1')->send('for nobody');
