<?php

/*
 * Reads a stream as `streamer.php ENDPOINT FUNCTION PARAMETERS TAKE [OPTION=VALUE]...` says, with JSON for the
 * parameters and 0 for all of it, and prints how many items came, how many of them were their own number, and how it
 * ended; then makes one more call.
 */

declare(strict_types=1);

require __DIR__ . '/../../../php/autoload.php';
require __DIR__ . '/options.php';

[, $endpoint, $function, $parameters, $take] = $argv;
$client = new Zroute\Client($endpoint, options(array_slice($argv, 5)));
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
    'memory' => memory_get_peak_usage(),
]), "\n";
