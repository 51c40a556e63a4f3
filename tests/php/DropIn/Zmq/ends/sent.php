<?php

// Sends a thousand messages to the endpoint that it is given, and ends at once.

$socket = (new ZMQContext())->getSocket(ZMQ::SOCKET_PUSH)->connect($argv[1]);
for ($i = 0; $i < 1000; $i++) {
    $socket->send("message $i");
}
switch ($argv[2] ?? '') {
    case 'exit':
        exit(3);
    case 'exception':
        throw new LogicException('nobody catches this');
    case 'memory':
        ini_set('memory_limit', '16M');
        str_repeat('x', 100_000_000);
        break;
    case 'inside':
        array_map(function () {
            exit(4);
        }, [1]);
}
