<?php

require __DIR__ . '/../../php/autoload.php';

$consumer = new Zroute\Socket\Subscriber(connect: $argv[1] ?? 'tcp://127.0.0.1:5555');

foreach ($consumer as $date) {
    echo "Get date: $date\n";
}
