<?php

// Bytes that would cost too much are refused.

require __DIR__ . '/../tell.php';

function refused(string $packed): bool
{
    return @msgpack_unpack($packed) === false;
}

set_error_handler(static fn (): bool => true);
ini_set('memory_limit', '64M');
$units = [
    "\x90", "\x80", "\x81\xa1a\xc0", "\x91\x90", "\xa0", "\x01", "\x82\xc0\xa8stdClass\xa1a\x80",
    "\x82\xc0\xa3Foo\xa1a\x01",
];
foreach ($units as $unit) {
    $count = 4_000_000 / strlen($unit) | 0;
    tell(bin2hex($unit), fn () => refused("\xdd" . pack('N', $count) . str_repeat($unit, $count)));
}
ini_set('memory_limit', '256M');
$keys = "\xdf" . pack('N', 100_000);
for ($i = 0; $i < 100_000; $i++) {
    $keys .= "\xce" . pack('N', $i << 18 & 0xffffffff) . "\xc0";
}
tell('keys that collide', fn () => refused($keys));
tell('a claim', fn () => refused("\xdd\xff\xff\xff\xff\xc0") && memory_get_peak_usage() < 64 << 20);
$references = "\xdc\x10\x00\xc0" . str_repeat("\x82\xc0\x02\x00\x01", 4095);
tell('a reference many times', fn () => count(msgpack_unpack($references)));
