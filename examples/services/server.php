<?php

declare(strict_types=1);

require __DIR__ . '/../../php/autoload.php';

$server = new Zroute\Server();
Zroute\Routes::fromFile(__DIR__ . '/routes.php')->register($server);
echo 'listening on ', $server->bind($argv[1] ?? 'tcp://127.0.0.1:5555'), "\n";
$server->run();
