<?php

// Polling several sockets, which Debian's build of the extension takes for one.

require __DIR__ . '/../tell.php';

$context = new ZMQContext();
$poll = new ZMQPoll();
$near = $far = $ids = [];
for ($i = 0; $i < 3; $i++) {
    $near[$i] = $context->getSocket(ZMQ::SOCKET_PAIR)->bind("inproc://$i");
    $far[$i] = $context->getSocket(ZMQ::SOCKET_PAIR)->connect("inproc://$i");
    $ids[$i] = $poll->add($near[$i], ZMQ::POLL_IN);
}
[$stream, $peer] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
$ids[] = $poll->add($stream, ZMQ::POLL_IN | ZMQ::POLL_OUT);
$names = function (array $entries) use ($near, $stream): string {
    $all = [...$near, 3 => $stream];
    return implode(' ', array_map(fn (mixed $entry) => (string) array_search($entry, $all, true), $entries));
};
tell('ids', fn () => $ids === [...array_map(fn ($s) => 'o:' . spl_object_hash($s), $near), 'r:' . (int) $stream]);
tell('count', fn () => $poll->count());
tell('items', fn () => array_keys($poll->items()) === $ids);
$shown = function (?int $timeout = 0) use ($poll, $names): array {
    $read = $write = [];
    $count = $poll->poll($read, $write, $timeout);
    return [$count, $names($read), $names($write)];
};
tell('only the stream', $shown);
$far[2]->send('x');
tell('the last', fn () => $shown(1000));
$far[0]->send('x');
fwrite($peer, 'x');
tell('more', fn () => comes(fn () => $shown(1000) === [3, '0 2 3', '3']) ? $shown() : 'not all');
tell('messages', fn () => [$near[0]->recv(), $near[2]->recv()]);
tell('read', fn () => $shown());
tell('again with other events', fn () => $poll->add($near[1], ZMQ::POLL_OUT) === $ids[1]);
tell('which changes nothing', fn () => $shown());
tell('remove the second', fn () => $poll->remove($near[1]));
tell('twice', fn () => $poll->remove($near[1]));
tell('remove the stream', fn () => $poll->remove($ids[3]));
tell('left', fn () => array_keys($poll->items()) === [$ids[0], $ids[2]]);
$far[1]->send('unseen');
$far[2]->send('seen');
tell('polled', fn () => $shown(1000));
tell('add it again', fn () => $poll->add($near[1], ZMQ::POLL_IN) === $ids[1]);
tell('at the end', fn () => $shown(1000));
tell('no such id', fn () => $poll->remove('o:none'));
tell('no socket', fn () => $poll->remove(new stdClass()));
tell('of nothing', fn () => $poll->remove(null));
tell('in the context of each other', function () use ($poll, $near) {
    $poll->clear();
    $poll->add((new ZMQContext(2))->getSocket(ZMQ::SOCKET_PUB), ZMQ::POLL_OUT);
    $poll->add($near[0], ZMQ::POLL_OUT);
    $read = $write = [];
    return [$poll->poll($read, $write), count($write)];
});
$push = $context->getSocket(ZMQ::SOCKET_PUSH);
$poll->clear()->add($push, ZMQ::POLL_OUT);
$poll->add($near[0], ZMQ::POLL_IN);
tell('in time', fn () => $shown(5));
