<?php

// Calls any server of zerorpc, server.php or one in Python or Node.

declare(strict_types=1);

require __DIR__ . '/../../php/autoload.php';

$client = new Zroute\Client($argv[1] ?? 'tcp://127.0.0.1:4242', ['dialect' => 'zerorpc']);

echo $client->call('hello', ['PHP']), "\n";
foreach ($client->stream('squares', [1, 5]) as $square) {
    echo $square, "\n";
}
try {
    $client->call('goodbye', []);
} catch (Zroute\Exception\RemoteError $e) {
    echo $e->name, ': ', $e->remoteMessage, "\n";
}
