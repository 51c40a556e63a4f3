<?php

// Reports to a PSR-3 logger, and tells what it got.

declare(strict_types=1);

use Zroute\Fault;
use Zroute\Server;
use Zroute\Tests\servers\RecordingLogger;

require __DIR__ . '/../autoload.php';
require __DIR__ . '/Psr/Log/LoggerInterface.php';

$logger = new RecordingLogger();
$server = new Server([
    'throws' => fn () => throw new DomainException('no luck'),
    'closure_deep' => fn () => [fn () => 1],
    'meant' => fn () => throw new Fault(1, 'as it should be'),
    'one_int' => fn (int $value) => $value,
    'records' => fn () => $logger->records,
], [], $logger);
echo $server->bind('tcp://127.0.0.1:0'), "\n";
$server->run();
