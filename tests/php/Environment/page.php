<?php

// A page that packs, and calls the server that the query names.

declare(strict_types=1);

require __DIR__ . '/../php/autoload.php';

header('Content-Type: application/json');
try {
    $client = new Zroute\Client($_GET['endpoint'], ['timeout_ms' => 10_000]);
    $result = [
        'packed' => bin2hex(Zroute\MessagePack::pack(['a' => [1, 2.5]])),
        'unpacked' => Zroute\MessagePack::unpack("\x92\x01\xa1x"),
        'sum' => $client->call('plus', [1, 2, 3]),
        'sums' => $client->await($client->async('plus', [1]), $client->async('plus', [2])),
    ];
} catch (Throwable $e) {
    $result = $e::class . ': ' . $e->getMessage();
}
echo json_encode([$result, PHP_SAPI, ini_get('ffi.enable')]);
