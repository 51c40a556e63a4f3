<?php

declare(strict_types=1);

// What `zroute serve` starts, with the file of the routes as its argument.

require __DIR__ . '/autoload.php';

if (!isset($argv[1])) {
    fwrite(STDERR, "worker.php: no file with routes is given; 'zroute serve' starts this\n");
    exit(64);
}

Zroute\Worker::run($argv[1]);
