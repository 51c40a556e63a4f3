<?php

declare(strict_types=1);

// A call that does not fit the server's memory ends the server as PHP ends any script, and its caller is told.

require __DIR__ . '/both.php';

$server = proc_open(
    [...php(), __DIR__ . '/process/full_server.php'],
    [1 => ['pipe', 'w'], 2 => ['pipe', 'w']],
    $pipes,
    null,
    ['ZROUTE_BRIDGE' => 'slot'] + getenv()
);
own($server);
$client = new Zroute\Client(trim((string) fgets($pipes[1])), ['timeout_ms' => 10_000, 'max_nodes' => 1 << 20]);
check($client->call('count', [1, 2]) === 2, 'it serves');
check(count($client->call('make', [10_000])) === 10_000, 'it answers');
[$how, $text] = outcome(static fn () => $client->call('count', array_fill(0, 100_000, str_repeat('x', 100))));
check($how === Zroute\Exception\RemoteError::class, "the caller is told: $how $text");
check(str_contains($text, '-32005'), "the server has gone: $text");
$said = (string) stream_get_contents($pipes[2]);
check(str_contains($said, 'Allowed memory size'), "PHP says why: $said");
check(str_contains($said, 'shutdown'), "its shutdown functions run: $said");
check(proc_close($server) === 255, 'it ends as PHP does after a fatal error');
done();
