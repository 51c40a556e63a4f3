<?php

// A message with a part that is no text: the extension sends an empty part for it, and then throws.

require __DIR__ . '/../tell.php';

$context = new ZMQContext();
$a = $context->getSocket(ZMQ::SOCKET_PAIR)->bind('inproc://half');
$b = $context->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://half');
$thrower = new class {
    public function __toString(): string
    {
        throw new LogicException('no text', 3);
    }
};
tell('no text', fn () => $a->sendMulti(['first', new stdClass(), 'last']));
tell('throws', fn () => $a->sendMulti(['first', $thrower, 'last']));
tell('nothing was sent', fn () => $b->recvMulti(ZMQ::MODE_DONTWAIT));
tell('the next is whole', fn () => $a->sendMulti(['x', 'y']) === $a);
tell('came', fn () => $b->recvMulti());
