<?php

// Signals that come while a message of several parts is sent, many a millisecond. It stays whole, though the handler
// sends too, or throws; and the next signal finds its handler. Here and not beside the scripts for both, because
// PHP 8.2 loses calls of handlers with the extension. A slow machine sees fewer signals in its four seconds.

pcntl_async_signals(true);
pcntl_signal(SIGUSR1, SIG_IGN);
$context = new ZMQContext();
$pull = $context->getSocket(ZMQ::SOCKET_PULL)->bind('inproc://within');
$push = $context->getSocket(ZMQ::SOCKET_PUSH)->connect('inproc://within');
$count = 0;
$isSending = false;
$handlers = [
    'sends' => [500, fn () => $push->send('from the handler', ZMQ::MODE_DONTWAIT)],
    'throws' => [5000, fn () => throw new DomainException()],
];
$sender = proc_open(['sh', '-c', 'while kill -USR1 ' . getmypid() . ' 2>/dev/null; do :; done'], [], $pipes, null, []);
foreach ($handlers as $name => [$times, $handle]) {
    $count = $torn = $whole = $deaf = 0;
    $end = hrtime(true) + 4e9;
    pcntl_signal(SIGUSR1, function () use ($handle, &$count, &$isSending) {
        if ($isSending) {
            $isSending = false;
            $count++;
            $handle();
        }
    });
    for ($turn = 0; $count === 0 || ($count < $times && hrtime(true) < $end); $turn++) {
        try {
            $isSending = true;
            // Many, so that the signal comes anywhere in one.
            for ($i = 0; $isSending && $i < 50; $i++) {
                $push->sendMulti(["a$turn", "b$turn", "c$turn", "d$turn"]);
            }
            $isSending = false;
        } catch (DomainException | ZMQSocketException) {
            $isSending = false;
        }
        if (!pcntl_async_signals()) {
            $deaf++;
            pcntl_async_signals(true);
        }
        $parts = null;
        do {
            try {
                $parts = $pull->recvMulti(ZMQ::MODE_DONTWAIT);
            } catch (ZMQSocketException) {
                continue;
            }
            $number = substr((string) ($parts[0] ?? ''), 1);
            if ($parts === ["a$number", "b$number", "c$number", "d$number"]) {
                $whole++;
            } elseif ($parts !== false && $parts !== ['from the handler']) {
                $torn++;
            }
        } while ($parts !== false);
    }
    echo "$name: $torn torn, ", $whole > 0 ? 'others whole' : 'none whole', ", $deaf times deaf\n";
}
pcntl_signal(SIGUSR1, SIG_IGN);
proc_terminate($sender);
