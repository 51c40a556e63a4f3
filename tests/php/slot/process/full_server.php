<?php

declare(strict_types=1);

// A server with little memory left; prints its endpoint, and what happened to it.

require __DIR__ . '/../../../../php/autoload.php';

$server = new Zroute\Server([
    'count' => static fn (array $values): int => count($values),
    'make' => static fn (array $size): array => array_fill(0, $size[0], 'text'),
], ['max_nodes' => 1 << 20]);
register_shutdown_function(static fn () => fwrite(STDERR, "shutdown\n"));
ini_set('display_errors', 'stderr');
ini_set('memory_limit', (string) (memory_get_usage(true) + (10 << 20)));
echo $server->bind('tcp://127.0.0.1:0'), "\n";
$server->run();
