<?php

// A page that packs, has sockets, and calls the server that the query names.

declare(strict_types=1);

require __DIR__ . '/../php/autoload.php';

header('Content-Type: application/json');
try {
    $reply = new Zroute\Socket\Reply(bind: 'tcp://127.0.0.1:*');
    $request = new Zroute\Socket\Request(connect: $reply->endpoint());
    $poll = new Zroute\Socket\Poll(['socket' => $reply, 'stream' => stream_socket_server('tcp://127.0.0.1:0')]);
    $client = new Zroute\Client($_GET['endpoint'], ['timeout_ms' => 10_000]);
    $result = [
        'packed' => bin2hex(Zroute\MessagePack::pack(['a' => [1, 2.5]])),
        'unpacked' => Zroute\MessagePack::unpack("\x92\x01\xa1x"),
        'sum' => $client->call('plus', [1, 2, 3]),
        'asked' => array_keys($request->send('question') === $request ? $poll->wait(10_000) : []),
        'answered' => $reply->send($reply->receive()) === $reply ? $request->receive(10_000) : null,
        'sums' => $client->await($client->async('plus', [1]), $client->async('plus', [2])),
    ];
} catch (Throwable $e) {
    $result = $e::class . ': ' . $e->getMessage();
}
echo json_encode([$result, PHP_SAPI, ini_get('ffi.enable')]);
