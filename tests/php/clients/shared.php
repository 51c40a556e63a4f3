<?php

// Asks for a shared client on both sides of a fork, and prints what came of it.

declare(strict_types=1);

use Zroute\Client;

require __DIR__ . '/../../../php/autoload.php';

$ask = static fn (): Client => Client::shared($argv[1], ['timeout_ms' => 10_000]);
$client = $ask();
$client->call('plus', [1]);
$pending = $client->async('plus', [20, 22]);
$child = pcntl_fork();
if ($child === 0) {
    $own = $ask();
    echo 'child: ', $own->call('plus', [1, 2, 3]), $own === $client ? ", the same\n" : ", another\n";
    unset($pending, $client);
    exit(0);
}
pcntl_waitpid($child, $status);
echo 'exit: ', pcntl_wexitstatus($status), "\n";
$isSame = $ask() === $client && $pending->await() === 42;
echo 'parent: ', $client->call('plus', [1, 2, 3]), $isSame ? ", the same\n" : ", another\n";
