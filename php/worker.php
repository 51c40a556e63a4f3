<?php

declare(strict_types=1);

// What `zroute serve` starts, with the file of the routes as its argument.

require __DIR__ . '/autoload.php';

if (!isset($argv[1])) {
    fwrite(STDERR, "worker.php: no file with routes is given; 'zroute serve' starts this\n");
    exit(64);
}

try {
    Zroute\Worker::run($argv[1]);
} catch (Zroute\Exception\ZrouteException $e) {
    // It says what is wrong and where; a trace of this library's own adds nothing.
    // By name, because the program may have closed STDERR.
    file_put_contents('php://stderr', strtr($e->getMessage(), ["\r" => ' ', "\n" => ' ']) . "\n");
    exit(1);
}
