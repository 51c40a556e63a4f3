<?php

declare(strict_types=1);

// What does not fit PHP's memory limit is PHP's own fatal error: nothing native is left behind, the shutdown function
// runs, and may go on using the library.
// Arguments: list, map, small arrays or string; how many bytes are left.

require __DIR__ . '/both.php';

restore_error_handler();
slot();
$packed = match ($argv[1]) {
    'list' => "\xdd" . pack('N', 900_000) . str_repeat("\xa3abc", 900_000),
    'map' => "\xdf" . pack('N', 200_000) . implode('', array_map(
        static fn (int $i): string => "\xa8" . sprintf('%08x', $i) . "\x92\xa2ab\xa2cd",
        range(1, 200_000)
    )),
    'small arrays' => "\xdd" . pack('N', 300_000) . str_repeat("\x91\x91\xc3", 300_000),
    'string' => "\xc6" . pack('N', 15 << 20) . str_repeat('x', 15 << 20),
};
register_shutdown_function(static function (): void {
    // Something that fits.
    echo 'shutdown: ', implode(',', slot()->unpack("\x93\x01\x02\x03")), ' ', bin2hex(slot()->pack(['a'])), "\n";
});
// Somewhere on the way through it.
gc_mem_caches();
ini_set('memory_limit', (string) (memory_get_usage(true) + (int) $argv[2]));
echo "begun\n";
slot()->unpack($packed);
echo "not reached\n";
