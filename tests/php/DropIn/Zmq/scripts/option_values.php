<?php

// What becomes of values that are of another type than an option, and of large ones.

require __DIR__ . '/tell.php';

$context = new ZMQContext();
$socket = $context->getSocket(ZMQ::SOCKET_DEALER);
$after = function (int $option, mixed $value) use ($socket): mixed {
    $result = $socket->setSockOpt($option, $value);
    return [$result, $socket->getSockOpt($option)];
};
$values = ['7', ' 8', '9x', 'x', '', 1.9, -1, '0x1A', true, false, null, [], [1], 2147483647, 2147483648, 4294967297,
    PHP_INT_MAX, '1e3', '99999999999999999999'];
foreach (['LINGER', 'SNDHWM', 'MAXMSGSIZE', 'AFFINITY', 'RCVTIMEO', 'IPV6', 'BACKLOG'] as $name) {
    foreach ($values as $value) {
        tell("$name " . json_encode($value), fn () => $after(constant("ZMQ::SOCKOPT_$name"), $value));
    }
}
foreach (['a', '', "a\0b", 17, 1.5, true, null, str_repeat('x', 255), str_repeat('x', 256), "\0"] as $value) {
    tell('IDENTITY ' . json_encode($value), fn () => $after(ZMQ::SOCKOPT_IDENTITY, $value));
}
// The extension cannot get one of 255, its buffer ends with the text.
foreach (['user', '', "a\0b", str_repeat('x', 254), str_repeat('x', 256)] as $value) {
    tell('PLAIN_USERNAME ' . json_encode($value), fn () => $after(ZMQ::SOCKOPT_PLAIN_USERNAME, $value));
    tell('ZAP_DOMAIN ' . json_encode($value), fn () => $after(ZMQ::SOCKOPT_ZAP_DOMAIN, $value));
}
tell('plain', fn () => $socket->getSockOpt(ZMQ::SOCKOPT_MECHANISM));
$socket = $context->getSocket(ZMQ::SOCKET_DEALER);
$public = 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7';
$secret = 'JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6';
foreach (['PUBLICKEY' => $public, 'SECRETKEY' => $secret, 'SERVERKEY' => $public] as $name => $key) {
    $option = constant("ZMQ::SOCKOPT_CURVE_$name");
    tell("$name as text", fn () => [$socket->setSockOpt($option, $key), bin2hex($socket->getSockOpt($option))]);
    tell("$name as bytes", fn () => [
        $socket->setSockOpt($option, ZMQ::z85decode($key)),
        ZMQ::z85encode($socket->getSockOpt($option)) === $key,
    ]);
    tell("$name too short", fn () => $socket->setSockOpt($option, substr($key, 1)));
    tell("$name no key", fn () => $socket->setSockOpt($option, str_repeat('~', 40)));
}
tell('curve', fn () => $socket->getSockOpt(ZMQ::SOCKOPT_MECHANISM));

$socket = $context->getSocket(ZMQ::SOCKET_DEALER);
$hwm = fn () => [$socket->getSockOpt(ZMQ::SOCKOPT_SNDHWM), $socket->getSockOpt(ZMQ::SOCKOPT_RCVHWM)];
tell('HWM', fn () => $socket->setSockOpt(ZMQ::SOCKOPT_HWM, 17) === $socket);
tell('both', $hwm);
tell('HWM as a word', fn () => $socket->setSockOpt(ZMQ::SOCKOPT_HWM, '18') === $socket);
tell('both', $hwm);
tell('HWM below zero', fn () => $socket->setSockOpt(ZMQ::SOCKOPT_HWM, -1));
tell('both', $hwm);
tell('no HWM to get', fn () => $socket->getSockOpt(ZMQ::SOCKOPT_HWM));

tell('unknown', fn () => $socket->setSockOpt(12345, 1));
tell('unknown', fn () => $socket->getSockOpt(12345));
tell('below zero', fn () => $socket->setSockOpt(-1, 1));
tell('below zero', fn () => $socket->getSockOpt(-1));
tell('too large', fn () => $socket->setSockOpt(2147483648, 1));
tell('too large', fn () => $socket->getSockOpt(2147483648));
tell('a word', fn () => $socket->getSockOpt('LINGER'));
tell('a number as a word', fn () => $socket->getSockOpt((string) ZMQ::SOCKOPT_LINGER));
tell('an array', fn () => $socket->setSockOpt([], 1));

// Subscriptions.
$pub = $context->getSocket(ZMQ::SOCKET_PUB)->bind('inproc://options');
$sub = $context->getSocket(ZMQ::SOCKET_SUB)->connect('inproc://options');
tell('subscribe', fn () => $sub->setSockOpt(ZMQ::SOCKOPT_SUBSCRIBE, 'a'));
tell('subscribe to a number', fn () => $sub->setSockOpt(ZMQ::SOCKOPT_SUBSCRIBE, 7));
tell('unsubscribe', fn () => $sub->setSockOpt(ZMQ::SOCKOPT_UNSUBSCRIBE, 'a'));
tell('unsubscribe what never was', fn () => $sub->setSockOpt(ZMQ::SOCKOPT_UNSUBSCRIBE, 'b'));
$pub->send('a1');
$pub->send('71');
tell('came', fn () => $sub->recv());
tell('alone', fn () => $sub->recv(ZMQ::MODE_DONTWAIT));
tell('is readable', fn () => $sub->getSockOpt(ZMQ::SOCKOPT_EVENTS));
$pub->send('72');
tell('is readable', fn () => $sub->getSockOpt(ZMQ::SOCKOPT_EVENTS));

// The descriptor is a stream that can be waited for.
$stream = $sub->getSockOpt(ZMQ::SOCKOPT_FD);
tell('its descriptor', fn () => [is_resource($stream), get_resource_type($stream)]);
tell('waited', function () use ($sub, $pub, $stream) {
    while ($sub->getSockOpt(ZMQ::SOCKOPT_EVENTS) & ZMQ::POLL_IN) {
        $sub->recv();
    }
    $pub->send('73');
    $read = [$stream];
    $none = null;
    return [stream_select($read, $none, $none, 5), $sub->recv()];
});
