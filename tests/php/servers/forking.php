<?php

// Forks in handlers.

declare(strict_types=1);

use Zroute\Client;
use Zroute\Server;

require __DIR__ . '/../../../php/autoload.php';

/** Forks; the child does its work and ends with what that returns. */
$fork = static function (callable $work): int {
    $child = pcntl_fork();
    if ($child === 0) {
        exit($work());
    }
    return $child;
};

/** The child's exit code, or 128 and the signal that ended it. */
$reap = static function (int $child): int {
    pcntl_waitpid($child, $status);
    return pcntl_wifsignaled($status) ? 128 + pcntl_wtermsig($status) : pcntl_wexitstatus($status);
};

/** Whether it throws that the handle is another process's. */
$isForked = static function (callable $use): bool {
    try {
        $use();
        return false;
    } catch (Zroute\Exception\ForkedHandle) {
        return true;
    }
};

$server = new Server([
    'plus' => fn (array $data) => array_sum($data),
    'gate' => fn () => rtrim(fgets(STDIN)),
    'exits' => fn () => $reap($fork(fn () => 3)),
    'is_killed' => fn () => $reap($fork(fn () => posix_kill(getmypid(), SIGKILL))),
    'runs_out_of_memory' => fn () => $reap($fork(fn () => strlen(str_repeat('x', 1 << 30)))),
    'process' => function () {
        fwrite(STDERR, 'ran in ' . getmypid() . "\n");
        return getmypid();
    },
    'returns' => function () {
        $child = pcntl_fork();
        return $child === 0 ? 'from the child' : $child;
    },
    'throws' => function () {
        $child = pcntl_fork();
        return $child === 0 ? throw new RuntimeException('from the child') : $child;
    },
    'reap' => $reap,
    'reap_if_ended' => fn (int $child) => pcntl_waitpid($child, $status, WNOHANG) === 0
        ? null
        : pcntl_wexitstatus($status),
]);
$endpoint = $server->bind('tcp://127.0.0.1:0');
$server->register('uses_the_server', fn () => $reap($fork(fn () => (int) !(
    $isForked(fn () => $server->step(0))
    && $isForked(fn () => $server->run())
    && $isForked(fn () => $server->counters())
    && $isForked(fn () => $server->bind('tcp://127.0.0.1:0'))
    && $isForked(fn () => $server->register('f', fn () => 1))
))));
$server->register('unsets_the_server', fn () => $reap($fork(function () use (&$server): int {
    $server = null;
    gc_collect_cycles();
    return 0;
})));
$server->register('makes_its_own', fn () => $reap($fork(function (): int {
    $own = new Server(['double' => fn (int $value) => 2 * $value]);
    $client = new Client($own->bind('tcp://127.0.0.1:0'));
    $call = $client->async('double', [21]);
    while (!$call->isDone()) {
        $own->step(100);
    }
    return $call->await();
})));
$server->register('calls_later', fn () => $fork(fn () => (new Client($endpoint))->call('plus', [20, 22])));

echo $endpoint, "\n";
try {
    $server->run();
} catch (Zroute\Exception\ForkedHandle $e) {
    fwrite(STDERR, "run() in the child: {$e->getMessage()}\n");
    exit(42);
}
