<?php

// A page that decodes more than its memory holds; says first which process it is.

declare(strict_types=1);

require __DIR__ . '/../php/autoload.php';

use Zroute\MessagePack;

header('Content-Type: application/json');
ini_set('display_errors', '1');
MessagePack::unpack("\x92\xa4text\x81\xa3key\xa5value");
$packed = match ($_GET['value']) {
    'list' => "\xdd" . pack('N', 900_000) . str_repeat("\xa3abc", 900_000),
    'maps' => "\xdd" . pack('N', 200_000) . str_repeat("\x81\xa3key\x91\xc3", 200_000),
    'string' => "\xc6" . pack('N', 15 << 20) . str_repeat('x', 15 << 20),
};
ini_set('memory_limit', (string) (memory_get_usage(true) + 3_000_000));
echo getmypid(), "\n";
MessagePack::unpack($packed);
echo 'not reached';
