<?php

// Times a turn of REQ and REP over inproc, within this process: question and answer of as many bytes as it is told.
// Prints nanoseconds. Arguments: bytes, seconds.

[, $bytes, $seconds] = $argv;
$context = new ZMQContext();
$rep = $context->getSocket(ZMQ::SOCKET_REP)->bind('inproc://turn');
$req = $context->getSocket(ZMQ::SOCKET_REQ)->connect('inproc://turn');
$message = str_repeat('x', (int) $bytes);

// In a function, as a program has it: variables of its own are quicker than global ones.
$turns = static function (ZMQSocket $req, ZMQSocket $rep, string $message, int $times): void {
    for (; $times > 0; $times--) {
        $req->send($message);
        $rep->send($rep->recv());
        $req->recv();
    }
};
$times = 1000;
do {
    // The last time that is too short also warms up.
    $times *= 2;
    $start = hrtime(true);
    $turns($req, $rep, $message, $times);
    $taken = hrtime(true) - $start;
} while ($taken < $seconds * 1e9 / 2);
$start = hrtime(true);
$turns($req, $rep, $message, $times);
echo (hrtime(true) - $start) / $times, "\n";
