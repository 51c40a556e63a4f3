<?php

// Prints how many messages have come before the last, "end". Arguments: endpoint.

$socket = (new ZMQContext())->getSocket(ZMQ::SOCKET_PULL);
$socket->connect($argv[1]);
for ($count = 0; $socket->recv() !== 'end'; $count++) {
    continue;
}
echo "$count\n";
