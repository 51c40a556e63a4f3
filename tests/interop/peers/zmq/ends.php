<?php

// Ends with sockets open, messages under way and a peer that is there. Arguments: the peer's endpoint.

$context = new ZMQContext();
$push = $context->getSocket(ZMQ::SOCKET_PUSH)->connect($argv[1]);
$push->send('one more');
$rep = (new ZMQContext(1, false))->getSocket(ZMQ::SOCKET_REP)->bind('tcp://127.0.0.1:*');
$sub = new ZMQSocket($context, ZMQ::SOCKET_SUB, 'kept');
