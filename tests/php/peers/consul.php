<?php

// Answers at Consul's place: one server, at the port of its argument. Its first line is where it is; then a line
// for each query that asks for the list at once. One that waits for changes is never answered.

declare(strict_types=1);

$server = stream_socket_server('tcp://127.0.0.1:0') ?: exit(1);
echo stream_socket_get_name($server, false), "\n";
$list = json_encode([['Service' => ['Address' => '127.0.0.1', 'Port' => (int) $argv[1]]]]);
$open = [];
while (true) {
    $ready = [$server, ...$open];
    [$write, $except] = [null, null];
    stream_select($ready, $write, $except, null);
    foreach ($ready as $socket) {
        if ($socket === $server) {
            $open[] = stream_socket_accept($server);
            continue;
        }
        $request = (string) fgets($socket);
        while (!in_array(fgets($socket), [false, "\r\n"], true)) {
            continue;
        }
        if ($request === '') {
            unset($open[array_search($socket, $open, true)]);
        } elseif (!str_contains($request, 'index=')) {
            echo $request;
            $length = strlen($list);
            fwrite($socket, "HTTP/1.1 200 OK\r\nX-Consul-Index: 7\r\nContent-Length: $length\r\n\r\n$list");
        }
    }
}
