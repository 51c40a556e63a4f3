<?php

// Serves turn by turn. `gate` and `slow` take until a line comes in, so that
// the calls behind them wait here.

declare(strict_types=1);

use Zroute\Server;

require __DIR__ . '/../../../php/autoload.php';

$turn = 0;
$ran = [];
$server = new Server([
    'plus' => fn (array $data) => array_sum($data),
    'gate' => fn () => rtrim(fgets(STDIN)),
    'slow' => function (int $leastMs) use (&$turn) {
        $until = hrtime(true) + $leastMs * 1_000_000;
        fgets(STDIN);
        while (hrtime(true) < $until) {
            continue;
        }
        return $turn;
    },
    'quick' => function () use (&$turn) {
        return $turn;
    },
    'note' => function (string $name) use (&$ran) {
        $ran[] = $name;
        return $name;
    },
    'ran' => function () use (&$ran) {
        return $ran;
    },
]);
$server->register('counters', fn () => $server->counters());
$server->register('nested', fn () => $server->step(20));
echo $server->bind('tcp://127.0.0.1:0'), "\n";
while (true) {
    $turn++;
    $server->step(10_000);
}
