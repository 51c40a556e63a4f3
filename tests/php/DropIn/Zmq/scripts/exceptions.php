<?php

// Where an exception comes from: the caller's file and line, and no other calls.

require __DIR__ . '/tell.php';

function opens(ZMQContext $context): ZMQSocket
{
    return $context->getSocket(ZMQ::SOCKET_PUB)
        ->bind('nowhere');
}

$trace = function (callable $call): void {
    try {
        $call();
        echo "nothing\n";
    } catch (ZMQException $e) {
        echo basename($e->getFile()), ':', $e->getLine(), "\n";
        foreach ($e->getTrace() as $frame) {
            echo '    ', isset($frame['file']) ? basename($frame['file']) . ":{$frame['line']} " : '',
                $frame['class'] ?? '', $frame['type'] ?? '', $frame['function'],
                '(', implode(', ', array_map(get_debug_type(...), $frame['args'] ?? [])), ")\n";
        }
        echo preg_replace('~/\S*/~', '', $e->getTraceAsString()), "\n";
    }
};
$context = new ZMQContext();
$trace(fn () => opens($context));
$trace(fn () => new ZMQContext(-1));
$trace(fn () => new ZMQSocket($context, -1, 'id', fn () => 1));
$trace(fn () => $context->getSocket(-1));
$trace(fn () => $context->getOpt(17));
$trace(fn () => $context->getSocket(ZMQ::SOCKET_REP)->send('x'));
$trace(fn () => $context->getSocket(ZMQ::SOCKET_REP)->sendMulti(['x']));
$trace(fn () => $context->getSocket(ZMQ::SOCKET_REQ)->recvMulti());
$trace(fn () => $context->getSocket(ZMQ::SOCKET_REQ)->recvMsg());
$trace(fn () => $context->getSocket(ZMQ::SOCKET_REQ)->getSockOpt(17000));
$trace(fn () => $context->getSocket(ZMQ::SOCKET_REQ)->setSockOpt(17000, 1));
$trace(fn () => (new ZMQPoll())->poll($r, $w));
$trace(fn () => (new ZMQPoll())->add(1, 1));
// From within a function that is built in.
$trace(fn () => array_map([$context, 'getSocket'], [-1]));
$trace(fn () => call_user_func_array([$context, 'getSocket'], [-1]));
$pull = $context->getSocket(ZMQ::SOCKET_PULL)->bind('inproc://exceptions');
$context->getSocket(ZMQ::SOCKET_PUSH)->connect('inproc://exceptions')->send('x');
$device = new ZMQDevice($pull, $context->getSocket(ZMQ::SOCKET_REP));
$trace(fn () => $device->run());
$context->getSocket(ZMQ::SOCKET_REQ)->recv();
