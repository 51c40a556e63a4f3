<?php

// Binds what it is told, and prints what it has bound.

declare(strict_types=1);

use Zroute\Server;

require __DIR__ . '/../../../php/autoload.php';

$server = new Server(['plus' => fn (array $data) => array_sum($data)]);
echo implode(' ', array_map($server->bind(...), json_decode($argv[1], true)['endpoints'])), "\n";
$server->run();
