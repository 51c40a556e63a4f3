<?php

// Every option of every type of socket, got and set.

require __DIR__ . '/tell.php';

$types = ['PAIR', 'PUB', 'SUB', 'REQ', 'REP', 'DEALER', 'ROUTER', 'PULL', 'PUSH', 'XPUB', 'XSUB', 'STREAM'];
$options = [];
foreach ((new ReflectionClass('ZMQ'))->getConstants() as $name => $value) {
    if (str_starts_with($name, 'SOCKOPT_')) {
        $options[$name] = $value;
    }
}
ksort($options);

$shown = function (callable $call): string {
    try {
        $value = $call();
    } catch (ZMQException $e) {
        // The code of this one is whatever errno was before.
        $code = str_contains($e->getMessage(), 'not valid for this socket type') ? '' : " #{$e->getCode()}";
        return get_class($e) . "$code: {$e->getMessage()}";
    }
    return is_resource($value) ? get_resource_type($value)
        : (is_object($value) ? get_class($value) : json_encode($value, JSON_INVALID_UTF8_SUBSTITUTE));
};
$context = new ZMQContext(1, false);
foreach ($options as $name => $option) {
    foreach (['get', 'set 1', 'then', "set '2'", 'then', "set 'abc'", 'then'] as $i => $what) {
        $results = [];
        foreach ($types as $type) {
            $sockets[$name][$type] ??= $context->getSocket(constant("ZMQ::SOCKET_$type"));
            $socket = $sockets[$name][$type];
            $results[$shown(match ($i) {
                1 => fn () => $socket->setSockOpt($option, 1),
                3 => fn () => $socket->setSockOpt($option, '2'),
                5 => fn () => $socket->setSockOpt($option, 'abc'),
                default => fn () => $socket->getSockOpt($option),
            })][] = $type;
        }
        foreach ($results as $result => $of) {
            echo "$name $what: $result", count($of) === count($types) ? '' : ' ' . implode(' ', $of), "\n";
        }
    }
    unset($sockets[$name]);
    // A thread of libzmq's closes them, and a busy machine lets it fall behind.
    while (count(scandir('/proc/self/fd')) > 200) {
        usleep(1000);
    }
}
// MONITOR and the like have no name in the extension.
$socket = $context->getSocket(ZMQ::SOCKET_PAIR);
for ($option = 0; $option < 130; $option++) {
    if (!in_array($option, $options, true)) {
        tell("get $option", fn () => $socket->getSockOpt($option));
        tell("set $option", fn () => $socket->setSockOpt($option, 1));
    }
}
