<?php

require __DIR__ . '/../../php/autoload.php';

$producer = new Zroute\Socket\Publisher(bind: $argv[1] ?? 'tcp://*:5555');
echo 'listening on ', $producer->endpoint(), "\n";

while (true) {
    $date = date('m/d/Y h:i:s a');
    echo "$date\n";
    // To everyone who is here; nobody else will ever get it.
    $producer->send($date);
    sleep(1);
}
