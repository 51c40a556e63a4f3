<?php

// Tells about the PHP that it runs in.

declare(strict_types=1);

use Zroute\Server;

require __DIR__ . '/../../../php/autoload.php';

$server = new Server([
    'extensions' => fn (array $names) => array_combine($names, array_map(extension_loaded(...), $names)),
]);
echo $server->bind('tcp://127.0.0.1:0'), "\n";
$server->run();
