<?php

require __DIR__ . '/../../php/autoload.php';

$client = new Zroute\Client($argv[1] ?? 'tcp://127.0.0.1:5555');
echo $client->call('plus', [1, 2, 2, 3, 3, 4, 2, 3, -1]), "\n";
