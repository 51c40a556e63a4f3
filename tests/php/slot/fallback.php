<?php

declare(strict_types=1);

// A PHP whose values are not known, such as a debug build: serialize() is taken by itself, and serves.

require __DIR__ . '/both.php';

use Zroute\Exception\NativeError;
use Zroute\MessagePack;
use Zroute\Native;

check(getenv('ZROUTE_BRIDGE') === false, 'nobody forces a bridge');
check(Native::get()->bridge() === 'serialize', 'serialize is taken');
[$how, $why] = outcome(static fn () => slot());
check($how === NativeError::class, "the slot is refused: $how");
check(!PHP_DEBUG || str_contains((string) $why, 'this PHP was built for debugging'), "the reason is told: $why");
$value = ['a' => [1, 2.5, null, true, "\xff"], 5 => 'text'];
check(MessagePack::unpack(MessagePack::pack($value)) === $value, 'values come back');
$server = new Zroute\Server(['plus' => static fn (array $data) => array_sum($data)]);
$client = new Zroute\Client($server->bind('tcp://127.0.0.1:0'));
$call = $client->async('plus', [1, 2]);
while (!$call->isDone()) {
    $server->step(10);
}
check($call->await() === 3, 'a call is served');
done();
