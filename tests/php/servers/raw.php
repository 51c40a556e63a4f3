<?php

// Serves messages that are no call: demos 1 and 5.

declare(strict_types=1);

use Zroute\MessagePack;
use Zroute\Server;

require __DIR__ . '/../../../php/autoload.php';

$handlers = [
    'echo' => fn (string $message) => $message,
    'reverse' => fn (string $message) => MessagePack::pack(array_reverse(MessagePack::unpack($message))),
    'throws' => fn () => throw new RuntimeException('no luck'),
    'number' => fn () => 7,
];

ini_set('error_log', '/dev/null');
$server = new Server(['plus' => fn (array $data) => array_sum($data)]);
$server->raw($handlers[json_decode($argv[1], true)['handler']]);
echo $server->bind('tcp://127.0.0.1:0'), "\n";
$server->run();
