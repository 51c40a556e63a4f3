<?php

// Serves with run(), and tells what becomes of it. `gate` takes until a line
// comes in, so that signals and calls come meanwhile.

declare(strict_types=1);

use Zroute\Server;

require __DIR__ . '/../../../php/autoload.php';

[$async, $signals] = array_values(json_decode($argv[1], true) + ['async' => false, 'signals' => []]);

ini_set('display_errors', 'stderr');
pcntl_async_signals($async);
foreach ($signals as $signal) {
    pcntl_signal($signal, function (int $signal): void {
        echo "signal $signal\n";
    });
}

$server = new Server([
    'plus' => fn (array $data) => array_sum($data),
    'gate' => fn () => rtrim(fgets(STDIN)),
    'buffers' => function (array $data) {
        ob_start();
        ob_start(fn (string $text) => strtoupper($text));
        echo "$data[0]\n";
        return ob_get_level();
    },
    'fails' => function () {
        ob_start();
        echo "before\n";
        ob_start(fn () => throw new DomainException('no filter'));
        echo 'lost';
    },
    'keeps' => function () {
        ob_start(null, 0, 0);
        echo "kept\n";
        return ob_get_level();
    },
    'exit' => fn (array $data) => exit($data[0]),
    'out_of_memory' => fn () => strlen(str_repeat('x', 1 << 30)),
    'out_of_memory_by_and_by' => function () {
        $all = [];
        while (true) {
            $all[] = str_repeat('x', 50) . count($all);
        }
    },
    'recurses' => function () {
        $recurse = function (array $grows) use (&$recurse) {
            return 1 + $recurse([...$grows, count($grows)]);
        };
        return $recurse([]);
    },
    'fatal' => fn () => eval('class Uncountable implements Countable {}'),
]);
$server->register('stop', function () use ($server): string {
    $server->stop();
    return 'stopping';
});
$server->register('serves', function () use ($server): int {
    echo "serving\n";
    return $server->step(10_000);
});
$server->register('serves in a buffer', function () use ($server): string {
    echo "serving\n";
    ob_start();
    echo 'mine';
    $server->step(10_000);
    return (string) ob_get_clean();
});
$server->register('unloads', function () use (&$server): string {
    $server = null;
    gc_collect_cycles();
    return 'unloaded';
});

echo $server->bind('tcp://127.0.0.1:0'), "\n";
$server->run();
echo 'run() returned; SIGTERM is ', pcntl_signal_get_handler(SIGTERM) === SIG_DFL ? 'as before' : 'caught', "\n";
