<?php

declare(strict_types=1);

// Objects that do not fit PHP's memory limit are PHP's own fatal error, wherever between two steps it comes: what is
// half built does no harm when PHP ends all objects, and the shutdown function may go on using the library.
// Arguments: objects, records, references or back; how many bytes are left.

require __DIR__ . '/both.php';

restore_error_handler();
$packed = match ($argv[1]) {
    'objects' => "\xdd" . pack('N', 60_000) . str_repeat("\x84\xc0\xa5Point\xa1x\x91\xa3abc\xa1y\x80\xa1z\xa3def", 60_000),
    'records' => "\xdd" . pack('N', 60_000) . str_repeat("\x83\xc0\xa8stdClass\xa1x\x91\xa3abc\xa1y\xa3def", 60_000),
    'references' => "\xdd" . pack('N', 90_000) . str_repeat("\x82\xc0\x01\x00\xa3abc", 90_000),
    'back' => "\xdd" . pack('N', 90_000) . "\x81\xc0\xa5Point" . str_repeat("\x82\xc0\x04\x00\x02", 45_000)
        . str_repeat("\x91\xa3abc", 44_999),
};
inPlace()->unpack("\x81\xc0\xa5Point", DEFAULTS, any(), $remarks);
register_shutdown_function(static function (): void {
    $value = inPlace()->unpack("\x92\x82\xc0\xa5Point\xa1x\x07\x82\xc0\x04\x00\x02", DEFAULTS, any(), $remarks);
    echo 'shutdown: ', $value[1]->x, ' ', bin2hex(inPlace()->pack([$value[0] === $value[1]], DEFAULTS)), "\n";
});
// Somewhere on the way through it.
gc_mem_caches();
ini_set('memory_limit', (string) (memory_get_usage(true) + (int) $argv[2]));
echo "begun\n";
inPlace()->unpack($packed, DEFAULTS, any(), $remarks);
echo "not reached\n";
