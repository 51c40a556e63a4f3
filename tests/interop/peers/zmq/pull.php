<?php

// Prints how many messages have come, once none comes for a while. Arguments: endpoint.

$socket = (new ZMQContext())->getSocket(ZMQ::SOCKET_PULL);
$socket->setSockOpt(ZMQ::SOCKOPT_RCVTIMEO, 2000);
$socket->connect($argv[1]);
for ($count = 0; $socket->recv() !== false; $count++) {
    continue;
}
echo "$count\n";
