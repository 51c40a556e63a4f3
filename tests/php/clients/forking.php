<?php

// Uses a client on both sides of a fork, and prints what came of it.

declare(strict_types=1);

use Zroute\Client;
use Zroute\Exception\ForkedHandle;

require __DIR__ . '/../../../php/autoload.php';

$client = new Client($argv[1], ['timeout_ms' => 10_000]);
$client->call('plus', [1]);
// Nothing listens there, so it never ends.
$endless = (new Client('tcp://127.0.0.1:1'))->async('plus', [1]);
$isForked = static function (callable $use): bool {
    try {
        $use();
        return false;
    } catch (ForkedHandle) {
        return true;
    }
};

foreach (['exit', 'kill', 'unset'] as $end) {
    $pending = $client->async('plus', [20, 22]);
    $child = pcntl_fork();
    if ($child === 0) {
        $right = $isForked(fn () => $client->call('plus', [1]))
            && $isForked(fn () => $client->async('plus', [1]))
            && $isForked(fn () => $client->counters())
            && $isForked($endless->await(...))
            && (new Client($argv[1], ['timeout_ms' => 10_000]))->call('plus', [1, 2, 3]) === 6;
        if ($end === 'kill') {
            posix_kill(getmypid(), $right ? SIGKILL : SIGTERM);
        }
        if ($end === 'unset') {
            unset($pending, $endless, $client);
        }
        exit($right ? 3 : 4);
    }
    pcntl_waitpid($child, $status);
    echo "$end: ", pcntl_wifsignaled($status) ? 128 + pcntl_wtermsig($status) : pcntl_wexitstatus($status), "\n";
    echo 'parent: ', $client->call('plus', [1, 2]), ' ', $pending->await(), "\n";
}
