<?php

/*
 * Reads a stream as `streamer.php ENDPOINT FUNCTION PARAMETERS TAKE [OPTION=VALUE]...` says, with JSON for the
 * parameters and 0 for all of it, and prints how many items came, how many of them were their own number, how it
 * ended, and by how many bytes the process had grown at most; then makes one more call.
 */

declare(strict_types=1);

require __DIR__ . '/../../../php/autoload.php';
require __DIR__ . '/options.php';

// Not PHP's own count, which knows nothing of the library's memory.
$resident = function (string $which): int {
    preg_match("/^$which:\s*(\d+) kB/m", (string) file_get_contents('/proc/self/status'), $match);
    return 1024 * (int) $match[1];
};

[, $endpoint, $function, $parameters, $take] = $argv;
$client = new Zroute\Client($endpoint, options(array_slice($argv, 5)));
$client->call('plus', [1, 2]);
$before = $resident('VmRSS');
$items = $inOrder = 0;
$end = 'done';
try {
    foreach ($client->stream($function, json_decode($parameters, true)) as $item) {
        $inOrder += (int) ($item === $items);
        if (++$items === (int) $take) {
            $end = 'left';
            break;
        }
    }
} catch (Zroute\Exception\RemoteError $e) {
    $end = [$e->name, $e->remoteMessage];
}
echo json_encode([
    'items' => $items,
    'in_order' => $inOrder,
    'end' => $end,
    'then' => $client->call('plus', [1, 2]),
    'grown' => $resident('VmHWM') - $before,
]), "\n";
