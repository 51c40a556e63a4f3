<?php

require __DIR__ . '/../../php/autoload.php';

$route = [
    'plus' => function (array $data) {
        return array_sum($data);
    },
];

$server = new Zroute\Server($route);
echo 'listening on ', $server->bind($argv[1] ?? 'tcp://127.0.0.1:5555'), "\n";
$server->run();
