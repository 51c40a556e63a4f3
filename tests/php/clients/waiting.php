<?php

// Waits for a call while signals come in.

declare(strict_types=1);

use Zroute\Client;

require __DIR__ . '/../../../php/autoload.php';

pcntl_async_signals((bool) $argv[2]);
pcntl_signal(SIGUSR1, function (): void {
    echo "signal\n";
});
$client = new Client($argv[1]);
$client->call('plus', [1, 2]);
echo "ready\n";
echo $client->call('gate', [], 20_000), "\n";
