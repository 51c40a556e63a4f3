<?php

declare(strict_types=1);

// A socket's frames, in place: what is sent and received, what is said of it, and that nothing is kept.
// Argument: how many rounds.
// phpcs:disable PSR1.Files.SideEffects

require __DIR__ . '/both.php';

use Zroute\Native;
use Zroute\Socket\Context;
use Zroute\Status;

const NOW = 1;
const WHOLE = 4;

/** @return array{object, int} a socket's frames, and its handle */
function framesOf(Context $context, string $type, bool $dontWait = false): array
{
    check(Native::get()->newSocket($context->handle(), $type, $handle) === Status::OK, "a $type");
    return [Native::get()->frames($handle, $dontWait), $handle];
}

$native = Native::get();
$context = new Context();
[$here, $bound] = framesOf($context, 'ZMQ_PAIR');
[$there, $connected] = framesOf($context, 'ZMQ_PAIR', true);
check($native->bindSocket($bound, 'inproc://frames') === Status::OK, 'bound');
check($native->connectSocket($connected, 'inproc://frames') === Status::OK, 'connected');

// One frame, of any size and any bytes.
foreach ([0, 1, 2, 33, 34, 16384, 16385, 1 << 20] as $size) {
    $bytes = substr(str_repeat("\0\xff\x80 text", $size), 0, $size);
    check(($here[$bytes]) === Status::OK && $there[NOW] === $bytes, "a frame of $size bytes");
    $reference = &$bytes;
    check($there[$reference] === Status::OK && $here[WHOLE] === $bytes, "a message of $size bytes");
    unset($reference);
}

// Several frames, whole or one by one.
$frames = ['', 'a', str_repeat('b', 300), str_repeat('c', 100_000), ''];
check($here[$frames] === Status::OK, 'sent at once');
check($there[NOW | WHOLE] === $frames, 'a whole message');
$native->sendFrames($bound, $frames, 0);
check($there[NOW] === '' && $there[NOW] === 'a', 'its first frames');
$rest = $there[NOW | WHOLE];
check($rest === array_slice($frames, 2), 'what is left of it');
$rest[] = 'mine';
$rest[0] .= 'changed';
check(array_pop($rest) === 'mine' && count($rest) === 3, 'a list like any other');

// Statuses; what is no frame and no flags.
check($there[NOW] === Status::TIMEOUT && $there[NOW | WHOLE] === Status::TIMEOUT, 'nothing is there');
check(str_contains($native->lastError(), 'zroute_socket_receive: cannot receive'), 'the error is told');
foreach ([null, 1.5, true, [], ['x', 1], ['k' => 'x'], [['x']], new stdClass()] as $odd) {
    check(($here[$odd] ?? 'null') === 'null', get_debug_type($odd) . ' is nothing');
}
[$push] = framesOf($context, 'ZMQ_PUSH', true);
check($push['lost'] === Status::TIMEOUT && $push[['lost', 'too']] === Status::TIMEOUT, 'nobody is there');
check($push[NOW] === Status::UNSUPPORTED, 'a type that does not receive');
[$req] = framesOf($context, 'ZMQ_REQ');
check($req[0] === Status::BAD_STATE, 'not its turn');

// A stale socket, none, and what never was one.
$native->freeSocket($connected);
foreach ([$connected, 0, -1, PHP_INT_MAX, 'text', null] as $socket) {
    $there->socket = $socket;
    check($there['x'] === Status::BAD_HANDLE && $there[NOW] === Status::BAD_HANDLE, 'a bad handle');
    check($there[['x', 'y']] === Status::BAD_HANDLE, 'a bad handle for a message');
}
unset($there->socket);
check($there['x'] === Status::BAD_HANDLE, 'no handle');

// Another socket's.
[$there->socket] = [framesOf($context, 'ZMQ_PAIR')[1]];
$native->unbindSocket($bound, 'inproc://frames');
[$here, $bound] = framesOf($context, 'ZMQ_PAIR');
check($native->bindSocket($bound, 'inproc://again') === Status::OK, 'bound again');
check($native->connectSocket($there->socket, 'inproc://again') === Status::OK, 'connected again');
check($there['once more'] === Status::OK && $here[0] === 'once more', 'the frames are those of the other');

// Nothing is kept.
$rounds = (int) ($argv[1] ?? 20_000);
$message = str_repeat('m', 500);
$turns = static function (int $times) use ($native, $here, $there, $message, $frames): void {
    for (; $times > 0; $times--) {
        $there[$message];
        $there['y'];
        if ($here[0] !== $message || $here[WHOLE] !== 'y') {
            check(false, 'the same');
        }
        $there[$frames];
        if ($here[WHOLE] !== $frames) {
            check(false, 'the same frames');
        }
    }
};
$turns(100);
$before = memory_get_usage();
$turns($rounds);
check(memory_get_usage() - $before < 4096, 'memory after many turns');

done();
