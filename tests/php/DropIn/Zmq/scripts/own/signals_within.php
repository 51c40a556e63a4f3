<?php

// Signals that come while a message of several parts is sent: it stays whole, though the handler sends too, or throws.
// Here and not beside the scripts for both, because PHP 8.2 loses calls of handlers with the extension.

pcntl_async_signals(true);
$context = new ZMQContext();
$pull = $context->getSocket(ZMQ::SOCKET_PULL)->bind('inproc://within');
$push = $context->getSocket(ZMQ::SOCKET_PUSH)->connect('inproc://within');
$count = 0;
$handlers = [
    'sends' => function () use ($push, &$count) {
        $count++;
        $push->send('from the handler', ZMQ::MODE_DONTWAIT);
    },
    'throws' => function () use (&$count) {
        $count++;
        throw new DomainException();
    },
];
$sender = proc_open(['sh', '-c', 'while kill -USR1 ' . getmypid() . ' 2>/dev/null; do :; done'], [], $pipes, null, []);
foreach ($handlers as $name => $handler) {
    $count = $torn = $whole = 0;
    for ($turn = 0; $count < 1000; $turn++) {
        try {
            pcntl_signal(SIGUSR1, $handler);
            $push->sendMulti(["a$turn", "b$turn", "c$turn", "d$turn"]);
            pcntl_signal(SIGUSR1, SIG_IGN);
        } catch (DomainException | ZMQSocketException) {
            pcntl_signal(SIGUSR1, SIG_IGN);
        }
        while (($parts = $pull->recvMulti(ZMQ::MODE_DONTWAIT)) !== false) {
            $number = substr($parts[0], 1);
            if ($parts === ["a$number", "b$number", "c$number", "d$number"]) {
                $whole++;
            } elseif ($parts !== ['from the handler']) {
                $torn++;
            }
        }
    }
    echo "$name: $torn torn, ", $whole > 0 ? 'others whole' : 'none whole', "\n";
}
proc_terminate($sender);
