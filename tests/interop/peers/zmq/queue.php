<?php

// A device between clients and workers. It prints both its endpoints.

$context = new ZMQContext();
$front = $context->getSocket(ZMQ::SOCKET_ROUTER)->bind('tcp://127.0.0.1:*');
$back = $context->getSocket(ZMQ::SOCKET_DEALER)->bind('tcp://127.0.0.1:*');
foreach ([$front, $back] as $socket) {
    echo $socket->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT), "\n";
}
$device = new ZMQDevice($front, $back);
if (isset($argv[1])) {
    $device->setTimerCallback(fn () => true, (int) $argv[1]);
}
$device->run();
