<?php

// ZMQ's functions.

require __DIR__ . '/tell.php';

$all = ['', 'a', 'abc', 'abcd', "\x86\x4f\xd2\x6f\xb5\x59\xf7\x5b", 'abcde', 1234, null, [], new stdClass(), 1.5];
foreach ($all as $data) {
    $label = is_object($data) ? 'object' : json_encode($data, JSON_INVALID_UTF8_SUBSTITUTE);
    tell("encode $label", fn () => ZMQ::z85encode(is_null($data) ? '' : $data));
}
$all = ['', 'a', 'Hello', 'HelloWorld', 'HelloWorl', 12345, '~~~~~', "\xff\xff\xff\xff\xff", 'Hel o', '%nSc0', '%nSc1',
    '#####', []];
foreach ($all as $text) {
    $label = json_encode($text, JSON_INVALID_UTF8_SUBSTITUTE);
    tell("decode $label", function () use ($text) {
        $data = ZMQ::z85decode($text);
        return is_string($data) ? bin2hex($data) : $data;
    });
}
$bytes = random_bytes(4000);
tell('there and back', fn () => ZMQ::z85decode(ZMQ::z85encode($bytes)) === $bytes);
tell('a key pair', fn () => array_map(strlen(...), ZMQ::curveKeypair()));
tell('another', fn () => ZMQ::curveKeypair() === ZMQ::curveKeypair());
$before = ZMQ::clock();
usleep(20_000);
tell('the clock', fn () => [is_int($before), ZMQ::clock() - $before >= 20, ZMQ::clock() - $before < 5000]);
tell('no object', fn () => new ZMQ());
