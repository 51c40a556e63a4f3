<?php

// A signal ends what waits, and its handler has run. With the extension PHP 8.2 loses the handler's call.

require __DIR__ . '/../tell.php';

$count = 0;
pcntl_async_signals(true);
pcntl_signal(SIGALRM, function () use (&$count) {
    $count++;
});
// One every 100 ms, until this process has what it waits for.
$sender = proc_open(['sh', '-c', 'while sleep 0.1; do kill -ALRM ' . getmypid() . ' || exit; done'], [], $pipes);
$after = function (callable $waits) use (&$count): void {
    $before = $count;
    try {
        $waits();
        echo "nothing\n";
    } catch (ZMQException $e) {
        tellOf($e);
    }
    var_dump($count > $before);
};
$context = new ZMQContext();
$rep = $context->getSocket(ZMQ::SOCKET_REP);
$push = $context->getSocket(ZMQ::SOCKET_PUSH);
$poll = new ZMQPoll();
$poll->add($rep, ZMQ::POLL_IN);
$device = new ZMQDevice($rep, $push);
$timed = new ZMQDevice($rep, $push);
$timed->setTimerCallback(fn () => false, 60_000);
foreach (
    [
    'recv' => fn () => $rep->recv(),
    'recvMulti' => fn () => $rep->recvMulti(),
    'recvEvent' => fn () => $rep->recvEvent(),
    'send' => fn () => $push->send('x'),
    'sendMulti' => fn () => $push->sendMulti(['x', 'y']),
    'poll' => fn () => $poll->poll($read, $write),
    'run' => fn () => $device->run(),
    'run with a timer' => fn () => $timed->run(),
    ] as $name => $waits
) {
    echo "$name: ";
    $after($waits);
}
// Nothing is lost by it.
$req = $context->getSocket(ZMQ::SOCKET_REQ)->bind('inproc://signals');
$rep->connect('inproc://signals');
$req->send('still works');
do {
    try {
        $message = $rep->recv();
    } catch (ZMQSocketException) {
        $message = null;
    }
} while ($message === null);
var_dump($message);
proc_terminate($sender);
