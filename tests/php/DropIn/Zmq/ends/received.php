<?php

// Prints the endpoint that it listens on, and then how many messages have come in order.

$socket = (new ZMQContext())->getSocket(ZMQ::SOCKET_PULL)->bind('tcp://127.0.0.1:*');
echo $socket->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT), "\n";
$socket->setSockOpt(ZMQ::SOCKOPT_RCVTIMEO, 5000);
for ($i = 0; $i < 1000 && $socket->recv() === "message $i"; $i++) {
    continue;
}
echo "$i\n";
