<?php

require __DIR__ . '/../../php/autoload.php';

$client = new Zroute\Socket\Request(connect: $argv[1] ?? 'tcp://127.0.0.1:5555');

$result = $client->send('hello there!')->receive();
echo "Get back message: $result\n";
