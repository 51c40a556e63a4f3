<?php
// Demo 6 on Zroute: the seed's $route, on a PHP with neither extension.
require __DIR__ . '/../../php/autoload.php';

$route = [
    'plus' => function (array $data) {
        return array_sum($data);
    },
];

$server = new Zroute\Server($route);
echo $server->bind('tcp://127.0.0.1:0'), "\n";
$server->run();
