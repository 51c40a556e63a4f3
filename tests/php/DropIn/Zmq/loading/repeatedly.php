<?php

// Sockets come and go, and leave nothing behind.

$turn = function (): void {
    $context = new ZMQContext(1, false);
    $rep = $context->getSocket(ZMQ::SOCKET_REP)->bind('inproc://turn');
    $req = $context->getSocket(ZMQ::SOCKET_REQ)->connect('inproc://turn');
    $poll = new ZMQPoll();
    $poll->add($rep, ZMQ::POLL_IN);
    for ($i = 0; $i < 10; $i++) {
        $req->send(str_repeat('x', 10_000));
        $poll->poll($read, $write, 1000);
        $rep->recv();
        $rep->sendMulti(['a', 'b']);
        $rep->getSockOpt(ZMQ::SOCKOPT_EVENTS);
        try {
            $rep->send('x');
        } catch (ZMQSocketException) {
            $req->recvMulti();
        }
    }
};
$held = fn (): array => [memory_get_usage(), count(scandir('/proc/self/fd')), spl_object_id(new stdClass())];
for ($i = 0; $i < 100; $i++) {
    $turn();
}
$before = $held();
for ($i = 0; $i < 200; $i++) {
    $turn();
}
$after = $held();
echo 'memory: ', $after[0] - $before[0] < 50_000 ? 'as before' : $after[0] - $before[0], "\n";
echo 'descriptors: ', $after[1] - $before[1], "\n";
echo 'object: ', $after[2] < 30 ? 'of a low number' : $after[2], "\n";
