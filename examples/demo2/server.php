<?php

require __DIR__ . '/../../php/autoload.php';

$server = new Zroute\Socket\Reply(bind: $argv[1] ?? 'tcp://127.0.0.1:5555');
echo 'listening on ', $server->endpoint(), "\n";

foreach ($server as $message) {
    echo "Get message: $message\n";
    /* echo back the message */
    $server->send($message);
}
