<?php

// A page written for ext-zmq, on the drop-in. With `full` in the query it receives more than its memory holds.

declare(strict_types=1);

require __DIR__ . '/../php/drop-in.php';

header('Content-Type: application/json');
ini_set('display_errors', '1');
$context = new ZMQContext();
$here = $context->getSocket(ZMQ::SOCKET_PAIR, 'kept')->bind('inproc://page');
$there = $context->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://page');
$there->send('one')->sendMulti(['a', 'b'])->send('left');
$received = [$here->recv(), $here->recvMulti(), $there->recv(ZMQ::MODE_DONTWAIT), getmypid()];
if (isset($_GET['full'])) {
    $part = str_repeat('x', 1 << 20);
    $there->sendMulti(array_fill(0, 8, $part));
    ini_set('memory_limit', (string) (memory_get_usage(true) + 5_000_000));
    echo json_encode($received), "\n";
    $here->recv();
    $here->recvMulti();
    exit('not reached');
}
echo json_encode($received);
