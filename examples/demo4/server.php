<?php

require __DIR__ . '/../../php/autoload.php';

$server = new Zroute\Socket\Reply(bind: $argv[1] ?? 'tcp://*:5555');
$name = $argv[2] ?? gethostname();
echo 'listening on ', $server->endpoint(), "\n";

foreach ($server->frames() as $frames) {
    echo 'Get message: ', implode(', ', $frames), "\n";
    $server->send($name);
}
