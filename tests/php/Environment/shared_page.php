<?php

// A page whose client it shares with the pages before it. It may leave a call that nobody awaits, or die with one.

declare(strict_types=1);

require __DIR__ . '/../php/autoload.php';

header('Content-Type: application/json');
$client = Zroute\Client::shared($_GET['endpoint'], ['timeout_ms' => 10_000]);
if ($client !== Zroute\Client::shared($_GET['endpoint'], ['timeout_ms' => 10_000])) {
    throw new LogicException('it is another one');
}
$before = $client->counters();
$sum = $client->call('plus', [1, 2, 3]);
$counters = $client->counters();
if (isset($_GET['leaves'])) {
    $call = $client->async('plus', [100]);
    $client->async('plus', [200]);
}
if (isset($_GET['dies'])) {
    $call = $client->async('plus', [100]);
    $client->async('plus', [200]);
    ini_set('memory_limit', '8M');
    $value = str_repeat('x', 1 << 24);
}
$threads = array_map(file_get_contents(...), glob('/proc/self/task/*/comm'));
echo json_encode([
    'pid' => getmypid(), 'sum' => $sum, 'calls' => $counters['calls'],
    'resolvers' => count(preg_grep('/^zroute-resolver$/', $threads)),
    'in_flight' => $before['in_flight'], 'left' => $counters['in_flight'],
]);
