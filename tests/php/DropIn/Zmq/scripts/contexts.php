<?php

// Contexts: arguments, options, which are one and the same, how sockets are counted.

require __DIR__ . '/tell.php';

tell('default', fn () => new ZMQContext());
tell('two threads', fn () => new ZMQContext(2));
tell('arguments', fn () => new ZMQContext('1', 0));
tell('no thread', fn () => new ZMQContext(0, false));
tell('fewer', fn () => new ZMQContext(-1));
tell('fewer, own', fn () => new ZMQContext(-5, false));
tell('a word', fn () => new ZMQContext('x'));
tell('an array', fn () => new ZMQContext([]));
tell('persistent: an array', fn () => new ZMQContext(1, []));

$context = new ZMQContext();
$own = new ZMQContext(1, false);
tell('persistent', fn () => $context->isPersistent());
tell('not persistent', fn () => $own->isPersistent());
tell('acquired', fn () => ZMQContext::acquire()->isPersistent());

tell('most sockets', fn () => $context->getOpt(ZMQ::CTXOPT_MAX_SOCKETS));
tell('set', fn () => $context->setOpt(ZMQ::CTXOPT_MAX_SOCKETS, 100));
tell('got', fn () => $context->getOpt(ZMQ::CTXOPT_MAX_SOCKETS));
tell('of the same context', fn () => (new ZMQContext())->getOpt(ZMQ::CTXOPT_MAX_SOCKETS));
tell('of another', fn () => (new ZMQContext(2))->getOpt(ZMQ::CTXOPT_MAX_SOCKETS));
tell('of an own one', fn () => $own->getOpt(ZMQ::CTXOPT_MAX_SOCKETS));
tell('as words', fn () => $context->setOpt('2', '200'));
tell('got again', fn () => $context->getOpt('2'));
foreach ([[2, -1], [2, 0], [1, 1], [-1, 1], [2, []], ['x', 1]] as $arguments) {
    tell('set ' . json_encode($arguments), fn () => $context->setOpt(...$arguments));
}
foreach ([1, 3, -1, 'x', []] as $option) {
    tell('get ' . json_encode($option), fn () => $context->getOpt($option));
}

tell('no socket', fn () => $context->getSocketCount());
$one = $context->getSocket(ZMQ::SOCKET_PAIR);
$two = new ZMQSocket($context, ZMQ::SOCKET_PUB);
tell('two', fn () => $context->getSocketCount());
tell('the same context', fn () => (new ZMQContext())->getSocketCount());
tell('another', fn () => $own->getSocketCount());
unset($one);
tell('one', fn () => $context->getSocketCount());
$three = $context->getSocket(ZMQ::SOCKET_REQ, 'of the context');
unset($three);
tell('a persistent one counts on', fn () => $context->getSocketCount());
$four = ZMQContext::acquire()->getSocket(ZMQ::SOCKET_PAIR);
tell('of the acquired', fn () => ZMQContext::acquire()->getSocketCount());
tell('not of this', fn () => $context->getSocketCount());
unset($four, $two);
tell('none', fn () => ZMQContext::acquire()->getSocketCount());

// Sockets of one context meet over inproc.
$a = (new ZMQContext())->getSocket(ZMQ::SOCKET_PAIR)->bind('inproc://contexts');
$b = (new ZMQContext())->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://contexts');
$a->send('met');
tell('over inproc', fn () => $b->recv(ZMQ::MODE_DONTWAIT));
$c = (new ZMQContext(2))->getSocket(ZMQ::SOCKET_PAIR);
$d = ZMQContext::acquire()->getSocket(ZMQ::SOCKET_PAIR)->bind('inproc://acquired');
$e = ZMQContext::acquire()->getSocket(ZMQ::SOCKET_PAIR)->connect('inproc://acquired');
$d->send('met too');
tell('over inproc, acquired', fn () => $e->recv(ZMQ::MODE_DONTWAIT));

// An own context lives as long as its sockets.
$last = (new ZMQContext(1, false))->getSocket(ZMQ::SOCKET_PAIR);
tell('its context has no other name', fn () => $last->bind('inproc://last')->getEndpoints());

// As many as the option allows, and no more.
$few = new ZMQContext(1, false);
$few->setOpt(ZMQ::CTXOPT_MAX_SOCKETS, 1);
$only = $few->getSocket(ZMQ::SOCKET_PAIR);
tell('one too many', fn () => $few->getSocket(ZMQ::SOCKET_PAIR));
