<?php

declare(strict_types=1);

// What does not fit PHP's memory limit is refused before it is built, by either codec. What is too small to be looked
// at so closely is PHP's own fatal error, wherever between two steps it comes: what is half built does no harm when PHP
// ends all objects, and the shutdown function may go on using the library.
// Arguments: objects, records, references or back; how many bytes are left.

require __DIR__ . '/both.php';

restore_error_handler();
$of = static fn (int $times): string => match ($GLOBALS['argv'][1]) {
    'objects' => "\xdd" . pack('N', $times)
        . str_repeat("\x84\xc0\xa5Point\xa1x\x91\xa3abc\xa1y\x80\xa1z\xa3def", $times),
    'records' => "\xdd" . pack('N', $times)
        . str_repeat("\x83\xc0\xa8stdClass\xa1x\x91\xa3abc\xa1y\xa3def", $times),
    'references' => "\xdd" . pack('N', $times) . str_repeat("\x82\xc0\x01\x00\xa3abc", $times),
    'back' => "\xdd" . pack('N', 2 * $times + 1) . "\x81\xc0\xa5Point" . str_repeat("\x82\xc0\x04\x00\x02", $times)
        . str_repeat("\x91\xa3abc", $times),
};
$large = $of(90_000);
$small = $of(1);
$small = $of(intdiv(16_000, strlen($small) - 5));
check(strlen($small) < 16_384, 'it is small');
inPlace()->unpack("\x81\xc0\xa5Point", DEFAULTS, any(), $remarks);
register_shutdown_function(static function (): void {
    // What was half built is there until the request has ended.
    $GLOBALS['kept'] = $GLOBALS['reserve'] = null;
    $value = inPlace()->unpack("\x92\x82\xc0\xa5Point\xa1x\x07\x82\xc0\x04\x00\x02", DEFAULTS, any(), $remarks);
    echo 'shutdown: ', $value[1]->x, ' ', bin2hex(inPlace()->pack([$value[0] === $value[1]], DEFAULTS)), "\n";
});
$reserve = str_repeat("\0", 3 << 20);
// Somewhere on the way through it.
gc_mem_caches();
ini_set('memory_limit', (string) (memory_get_usage(true) + (int) $argv[2]));
$before = other()->unpacked;
check(inPlace()->unpack($large, DEFAULTS, any(), $remarks) === false, 'what is too large is refused');
check($remarks?->kinds === Zroute\DropIn\Remarks::MALFORMED && other()->unpacked === $before + 1, 'and it is said so');
echo "begun\n";
$kept = [];
while (true) {
    $kept[] = inPlace()->unpack($small, DEFAULTS, any(), $remarks);
}
