<?php

declare(strict_types=1);

// A signal handler that runs anywhere may use the bridge, and disturbs nobody who uses it at that time.
// Arguments: slot or serialize; how many signals.

require __DIR__ . '/both.php';

$bridge = ($argv[1] ?? 'slot') === 'slot' ? slot() : serialized();
$wanted = (int) ($argv[2] ?? 3000);
$handled = 0;
pcntl_async_signals(true);
pcntl_signal(SIGUSR1, static function () use (&$handled, $bridge): void {
    $handled++;
    check($bridge->unpack($bridge->pack(['in', 'the', 'handler'])) === ['in', 'the', 'handler'], 'a handler is right');
});
$parent = getmypid();
$child = pcntl_fork();
if ($child === 0) {
    pcntl_signal(SIGUSR1, SIG_IGN);
    while (posix_getppid() === $parent) {
        posix_kill($parent, SIGUSR1);
    }
    posix_kill(getmypid(), SIGKILL);
}
for ($i = 0; $handled < $wanted; $i++) {
    // Of a width that does not change.
    $number = 1 << 24 | $i & 0xffffff;
    $packed = "\x92\xce" . pack('N', $number) . "\xa4text";
    check($bridge->pack([$number, 'text']) === $packed, 'packing is right');
    check($bridge->unpack($packed) === [$number, 'text'], 'unpacking is right');
}
posix_kill($child, SIGKILL);
pcntl_waitpid($child, $status);
slot();
foreach (['inbox', 'outbox'] as $name) {
    $left = (new ReflectionProperty(Zroute\SlotBridge::class, $name))->getValue();
    check($left === null, "nothing is left in the $name");
}
done();
