<?php

// Objects as scripts see them: their numbers, how they are shown, copied, compared.

require __DIR__ . '/tell.php';

var_dump(new ZMQContext());
$context = new ZMQContext();
var_dump($context);
$socket = new ZMQSocket(new ZMQContext(), ZMQ::SOCKET_PAIR);
var_dump($socket);
$own = new ZMQSocket(new ZMQContext(1, false), ZMQ::SOCKET_PAIR);
var_dump($own);
$got = $context->getSocket(ZMQ::SOCKET_PAIR);
var_dump($got);
$poll = new ZMQPoll();
$poll->add($socket, ZMQ::POLL_IN);
var_dump($poll);
$device = new ZMQDevice($socket, $got, $own);
var_dump($device);
var_dump(new stdClass());
$socket->bind('inproc://objects');
$got->connect('inproc://objects')->send('x');
$socket->recv();
try {
    $socket->bind('nothing');
} catch (ZMQSocketException $e) {
    var_dump(spl_object_id($e));
}
unset($e);
var_dump(new stdClass());

foreach ([$context, $socket, $poll, $device] as $object) {
    $class = get_class($object);
    print_r($object);
    echo json_encode($object), "\n";
    tell("$class in an array", fn () => [$object]);
    tell("$class cloned", function () use ($object) {
        try {
            return clone $object;
        } catch (Error $e) {
            return get_class($e);
        }
    });
    tell("$class's variables", fn () => [get_object_vars($object), isset($object->handle), is_callable($object)]);
    foreach ($object as $name => $value) {
        echo "  $name\n";
    }
}
tell('equal', fn () => $socket === $socket);
tell('not the same', fn () => $socket === $got);

class Described extends ZMQSocket
{
    public $public = 1;
    protected $protected = 2;
    private $private = 3;
}
$described = new Described($context, ZMQ::SOCKET_PAIR);
var_dump($described);
print_r($described);
tell('variables', fn () => get_object_vars($described));

// What unserialize() makes has nothing, and takes nothing along when it goes.
$device->setIdleCallback(fn () => true, 1, null);
foreach ([$context, $socket, $poll, $device, $described] as $object) {
    echo strtr(serialize($object), "\0", '~'), "\n";
    $copy = unserialize(serialize($object));
    var_dump($copy);
    unset($copy);
}
$got->send('still open');
tell('received', fn () => $socket->recv());

// In this order: the extension waits for ever where an own context goes before its socket.
unset($device, $own);
