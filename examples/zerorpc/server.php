<?php

// A server that callers of zerorpc take for one of theirs. Callers of the plain dialect and of MessagePack-RPC may
// use the same port at the same time.

declare(strict_types=1);

require __DIR__ . '/../../php/autoload.php';

$server = new Zroute\Server([
    'hello' => fn (string $name): string => "Hello, $name!",
    // A generator is a stream: an item is made when the caller has room for it.
    'squares' => function (int $first, int $last): Generator {
        for ($number = $first; $number <= $last; $number++) {
            yield $number ** 2;
        }
    },
]);
echo 'listening on ', $server->bind($argv[1] ?? 'tcp://127.0.0.1:4242'), "\n";
$server->run();
