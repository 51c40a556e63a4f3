<?php

require __DIR__ . '/../../php/autoload.php';

$socket = new Zroute\Socket\Push(bind: $argv[1] ?? 'tcp://*:5555');
echo 'listening on ', $socket->endpoint(), "\n";

while (true) {
    $date = date('m/d/Y h:i:s a');
    // To one puller, each in turn; it waits while there is none.
    $socket->send($date);
    echo "Now is $date\n";
    usleep(500_000);
}
