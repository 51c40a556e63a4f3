<?php

require __DIR__ . '/../../php/autoload.php';

$socket = new Zroute\Socket\Pull(connect: $argv[1] ?? 'tcp://127.0.0.1:5555');

foreach ($socket as $message) {
    echo "Get back message $message\n";
    sleep(2);
}
