<?php

require __DIR__ . '/../../php/autoload.php';

$server = new Zroute\Socket\Reply(bind: $argv[1] ?? 'tcp://127.0.0.1:5555');
echo 'listening on ', $server->endpoint(), "\n";

foreach ($server->values() as $data) {
    var_dump($data);
    $server->sendValue(array_reverse($data));
}
