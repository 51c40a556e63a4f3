<?php

declare(strict_types=1);

// Calls everything, and prints how each call ended. Arguments: an endpoint, how many calls in a row.

require __DIR__ . '/../both.php';
require __DIR__ . '/../random_value.php';

use Zroute\Client;

[, $endpoint, $rounds] = $argv;
$client = new Client($endpoint, ['timeout_ms' => 20_000]);
$tell = static function (string $what, Closure $call): void {
    [$how, $with] = outcome($call);
    echo $what, ': ', $how, ' ', is_string($with) ? $with : serialize($with), "\n";
};

fwrite(STDERR, 'server ' . $client->call('bridge') . ', client ' . Zroute\Native::get()->bridge() . "\n");

foreach (
    ['throw', 'fault', 'object', 'object inside', 'closure inside', 'resource inside', 'secret', 'zeros',
        'references', 'deep', 'large', 'reserved', 'float', 'unknown'] as $function
) {
    $tell($function, static fn () => $client->call($function));
}
$tell('mismatch', static fn () => $client->call('spread', ['a' => 1, 'c' => 2]));
$tell('spread', static fn () => $client->call('spread', ['b' => 1, 'a' => 2]));
$tell('a bridge within a handler', static fn () => $client->call('use', [[1, 'x']]));

// Parameters of every kind.
$loop = [1];
$loop[] = &$loop;
foreach (
    [
        'object' => new Point(5), 'inside' => [new Point(5), Suit::Hearts], 'resource' => [STDIN], 'bare' => STDIN,
        'closure' => static fn () => 1, 'loop' => $loop, 'null' => null, 'scalar' => 5, 'none' => [],
    ] as $name => $value
) {
    $tell("parameters: $name", static fn () => $client->call('echo', $value));
}
$loop[1] = null;
mt_srand(5);
$maker = new RandomValue(true);
for ($i = 0; $i < 500; $i++) {
    $value = $maker->next(30);
    $tell("random $i", static fn () => $client->call('echo', [$value]));
}

// Good answers and refused ones side by side in one batch.
$calls = [];
for ($i = 0; $i < 300; $i++) {
    $calls[$i] = $client->async(['plus', 'object inside', 'closure inside', 'throw', 'zeros'][$i % 5], [$i, 1]);
}
foreach ($calls as $i => $call) {
    $tell("async $i", static fn () => $call->await());
}

// What only other clients send: parameters that PHP has no value for.
$header = (string) file_get_contents(__DIR__ . '/../../../../include/zroute-php.h');
$ffi = FFI::cdef($header, (string) getenv('ZROUTE_LIBRARY'));
$other = $ffi->new('zroute_client *');
$ffi->zroute_client_new(null, FFI::addr($other));
$ffi->zroute_client_connect($other, $endpoint);
$odd = ["\x91\xd4\x05\x00", "\x91\x81\xc0\x01", "\x91\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "\x91\xc4\x01a"];
foreach ($odd as $packed) {
    $answer = $ffi->new('zroute_answer *');
    check(
        $ffi->zroute_client_call($other, 'echo', $packed, strlen($packed), 20_000, FFI::addr($answer)) === 0,
        'another client is answered'
    );
    $data = $ffi->new('const void *');
    $size = $ffi->new('size_t');
    if ($ffi->zroute_answer_value($answer, FFI::addr($data), FFI::addr($size)) === 0) {
        echo 'answer ', bin2hex(FFI::string($data, $size->cdata)), "\n";
    } else {
        $buffer = $ffi->new('char[300]');
        $ffi->zroute_last_error($buffer, 300);
        echo 'no answer: ', FFI::string($buffer), "\n";
    }
    $ffi->zroute_answer_free($answer);
}
$ffi->zroute_client_free($other);

// Neither end grows.
$round = static function () use ($client): void {
    check($client->call('plus', [1, 2, 3]) === 6, 'a sum');
    check($client->call('echo', ['key' => ['text', 1.5]]) === ['key' => ['text', 1.5]], 'an echo');
    $calls = [];
    for ($i = 0; $i < 50; $i++) {
        $calls[] = $client->async('echo', [$i, 'text' . $i]);
    }
    foreach ($client->await(...$calls) as $i => $answer) {
        check($answer === [$i, 'text' . $i], 'an answer in its place');
    }
};
$measure = static function () use ($client): array {
    gc_collect_cycles();
    return [memory_get_usage(), $client->call('memory')];
};
for ($i = 0; $i < 20; $i++) {
    $round();
}
$measure();
$before = $measure();
for ($i = 0; $i < (int) $rounds; $i++) {
    $round();
}
$after = $measure();
foreach (['client', 'server'] as $end => $name) {
    $grown = $after[$end] - $before[$end];
    // The latest batch and its answers are still there.
    check($grown < 65_536, "the $name has grown by $grown bytes");
}
echo "end\n";
