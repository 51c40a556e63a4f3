<?php

// Polling one socket or stream. With several sockets Debian's build of the extension goes wrong: poll_several.php.

require __DIR__ . '/tell.php';

$context = new ZMQContext();
$a = $context->getSocket(ZMQ::SOCKET_PAIR)->bind('inproc://poll');
$b = $context->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://poll');
$poll = new ZMQPoll();
$read = $write = ['as it was'];
$polled = function (int $timeout = 0) use ($poll, &$read, &$write): array {
    $count = $poll->poll($read, $write, $timeout);
    return [$count, $read, $write];
};
tell('nothing to poll', fn () => $poll->poll($read, $write));
tell('left alone', fn () => [$read, $write]);
tell('nothing to remove', fn () => $poll->remove($a));
tell('none', fn () => [$poll->count(), $poll->items(), $poll->getLastErrors()]);
tell('clear', fn () => $poll->clear() === $poll);

$poll->add($a, ZMQ::POLL_IN);
tell('again', fn () => $poll->add($a, ZMQ::POLL_OUT) === $poll->add($a, ZMQ::POLL_IN));
tell('one', fn () => [$poll->count(), array_values($poll->items())]);
tell('nothing to read', fn () => $polled());
tell('in time', fn () => $polled(5));
$b->send('x');
tell('to read', fn () => $polled(1000));
tell('the same object', fn () => $read[0] === $a);
tell('without a timeout', fn () => [$poll->poll($read, $write), count($read)]);
tell('not asked for', function () use ($poll) {
    $read = $write = null;
    return [$poll->poll($read, $write, 0), $read, $write];
});
tell('one asked for', function () use ($poll) {
    $write = [];
    return [$poll->poll($undefined, $write, 0), $undefined, $write];
});
tell('no array', function () use ($poll) {
    $read = 'x';
    return $poll->poll($read, $read);
});
tell('no array to write', function () use ($poll) {
    $read = [];
    $write = new stdClass();
    return $poll->poll($read, $write);
});
tell('timeout: a word', fn () => $poll->poll($read, $write, 'x'));
tell('timeout: a number as a word', fn () => $poll->poll($read, $write, '0'));
tell('a copy', function () use ($poll, &$read) {
    $read = ['kept'];
    $copy = $read;
    $write = [];
    $poll->poll($read, $write, 0);
    return [$copy, count($read)];
});
tell('removed', fn () => $poll->remove($a));
tell('none', fn () => [$poll->count(), $poll->items()]);
tell('nothing to remove', fn () => $poll->remove($a));

$id = $poll->add($b, ZMQ::POLL_IN | ZMQ::POLL_OUT);
tell('to write', fn () => $polled());
$a->send('y');
tell('to read and write', fn () => [$poll->poll($read, $write, 1000), count($read), count($write)]);
tell('no such id', fn () => $poll->remove('o:none'));
tell('a number', fn () => $poll->remove(17));
tell('no socket', fn () => $poll->remove(new stdClass()));
tell('null', fn () => $poll->remove(null));
tell('removed by its id', fn () => $poll->remove($id));
foreach ([new stdClass(), 'x', 17, null, []] as $wrong) {
    tell('add ' . get_debug_type($wrong), fn () => $poll->add($wrong, ZMQ::POLL_IN));
}
tell('events: a word', fn () => $poll->add($a, 'x'));
tell('no events', fn () => strlen($poll->add($a, 0)));
tell('never', fn () => $polled());
tell('cleared', fn () => $poll->clear()->count());

// Streams.
[$near, $far] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
tell('stream', fn () => $poll->add($near, ZMQ::POLL_IN | ZMQ::POLL_OUT) === 'r:' . (int) $near);
tell('again', fn () => $poll->add($near, ZMQ::POLL_IN) === 'r:' . (int) $near);
tell('to write', fn () => [$poll->poll($read, $write, 0), $read, $write === [$near]]);
fwrite($far, 'z');
tell('to read and write', fn () => [$poll->poll($read, $write, 1000), $read === [$near], $write === [$near]]);
tell('items', fn () => $poll->items() === ['r:' . (int) $near => $near]);
tell('removed', fn () => $poll->remove($near));
tell('a file', function () use ($poll) {
    $file = tmpfile();
    $poll->add($file, ZMQ::POLL_IN);
    $read = $write = [];
    return [$poll->poll($read, $write, 100), $read === [$file], $poll->clear()->count()];
});
tell('of memory', fn () => $poll->add(fopen('php://memory', 'r'), ZMQ::POLL_IN));
$folder = opendir(__DIR__);
tell('a folder', fn () => $poll->add($folder, ZMQ::POLL_IN));
tell('no stream', fn () => $poll->add(stream_context_create(), ZMQ::POLL_IN));
$closed = tmpfile();
fclose($closed);
tell('a closed one', fn () => $poll->add($closed, ZMQ::POLL_IN));
tell('none', fn () => $poll->count());

// A program's own error handler, which may not ask error_reporting().
set_error_handler(fn (int $level, string $message) => throw new ErrorException($message));
$stream = fopen('php://stdin', 'r');
tell('nothing to handle', fn () => (new ZMQPoll())->add($stream, ZMQ::POLL_IN) === 'r:' . (int) $stream);
restore_error_handler();
tell('no last error', fn () => error_get_last());
