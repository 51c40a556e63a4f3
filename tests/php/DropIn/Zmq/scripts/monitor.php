<?php

// What happens to a socket's connections.

require __DIR__ . '/tell.php';

$context = new ZMQContext();
$rep = $context->getSocket(ZMQ::SOCKET_REP);
tell('monitor', fn () => $rep->monitor('inproc://monitor') === $rep);
$monitor = $context->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://monitor');
tell('only inproc', fn () => $rep->monitor('tcp://127.0.0.1:1'));
tell('no endpoint', fn () => $rep->monitor('x'));
tell('an array', fn () => $rep->monitor([]));
tell('events: a word', fn () => $rep->monitor('inproc://other', 'x'));
tell('none yet', fn () => $monitor->recvEvent(ZMQ::MODE_DONTWAIT));

$rep->bind('tcp://127.0.0.1:*');
$endpoint = $rep->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT);
$shown = function (array $event): array {
    $event['value'] = is_int($event['value']) ? 'int' : $event['value'];
    return plain($event);
};
tell('listening', fn () => $shown($monitor->recvEvent()));
$req = $context->getSocket(ZMQ::SOCKET_REQ)->connect($endpoint);
tell('accepted', fn () => $shown($monitor->recvEvent()));
$req->send('so that both have shaken hands');
$rep->recv();
unset($req);
do {
    $event = $monitor->recvEvent()['event'];
} while ($event !== ZMQ::EVENT_DISCONNECTED);
echo "disconnected\n";
$rep->unbind($endpoint);
tell('closed', fn () => $shown($monitor->recvEvent())['event'] === ZMQ::EVENT_CLOSED);

// Only some events.
$other = $context->getSocket(ZMQ::SOCKET_REP)->monitor('inproc://some', ZMQ::EVENT_LISTENING);
$monitor = $context->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://some');
$other->bind('tcp://127.0.0.1:*');
tell('listening', fn () => $monitor->recvEvent()['event'] === ZMQ::EVENT_LISTENING);
tell('taken', fn () => $context->getSocket(ZMQ::SOCKET_REP)->monitor('inproc://some'));

// A message that is no event.
$a = $context->getSocket(ZMQ::SOCKET_PAIR)->bind('inproc://no-event');
$b = $context->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://no-event');
$a->send('x');
try {
    $b->recvEvent();
} catch (ZMQSocketException $e) {
    echo get_class($e), ' ', explode(':', $e->getMessage())[0], "\n";
}
$a->sendMulti([pack('vV', 7, 8), 'where']);
tell('made by hand', fn () => $b->recvEvent());
$a->sendMulti([pack('vV', 7, 0xffffffff), '']);
tell('below zero', fn () => $b->recvEvent());
tell('flags', fn () => $b->recvEvent('x'));
