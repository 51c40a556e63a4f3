<?php

// Devices: messages through them, capture, timers, what they throw.

require __DIR__ . '/tell.php';

$context = new ZMQContext();
$socket = fn (int $type) => $context->getSocket($type);
$front = $socket(ZMQ::SOCKET_ROUTER)->bind('inproc://front');
$back = $socket(ZMQ::SOCKET_DEALER)->bind('inproc://back');
$seen = $socket(ZMQ::SOCKET_PAIR)->bind('inproc://seen');
$capture = $socket(ZMQ::SOCKET_PAIR)->connect('inproc://seen');
$client = $socket(ZMQ::SOCKET_REQ)->connect('inproc://front');
$worker = $socket(ZMQ::SOCKET_REP)->connect('inproc://back');

tell('no socket', fn () => new ZMQDevice($front, new stdClass()));
tell('only one', fn () => new ZMQDevice($front, null));
tell('no socket to capture', fn () => new ZMQDevice($front, $back, 'x'));
tell('no capture', fn () => new ZMQDevice($front, $back, null));
$device = tell('device', fn () => new ZMQDevice($front, $back, $capture));

tell('timeouts', fn () => [$device->getIdleTimeout(), $device->getTimerTimeout()]);
tell('idle', fn () => $device->setIdleTimeout(5) === $device);
tell('timer', fn () => $device->setTimerTimeout('6') === $device);
tell('timeouts', fn () => [$device->getIdleTimeout(), $device->getTimerTimeout()]);
tell('no number', fn () => $device->setTimerTimeout('x'));
tell('no function', fn () => $device->setTimerCallback('no_such_function', 1));
tell('no timeout', fn () => $device->setTimerCallback(fn () => false, 'x'));
tell('no function', fn () => $device->setIdleCallback('no_such_function', 1, 2));
tell('cleared', fn () => $device->setTimerCallback(fn () => false, 0) === $device);
tell('timeouts', fn () => [$device->getIdleTimeout(), $device->getTimerTimeout()]);

// A timer drives what here would be three processes.
$turn = 0;
$step = function (mixed $data) use (&$turn, $client, $worker) {
    $turn++;
    if ($turn === 1) {
        var_dump($data);
        $client->send('question');
        return 1;
    }
    if ($turn < 50 && ($question = $worker->recv(ZMQ::MODE_DONTWAIT)) !== false) {
        $worker->send("answer to $question");
        $turn = 50;
        return true;
    }
    return $turn < 50 || $client->recv(ZMQ::MODE_DONTWAIT) === false;
};
tell('timer', fn () => $device->setTimerCallback($step, 1, ['some' => 'data']) === $device);
tell('timeouts', fn () => [$device->getIdleTimeout(), $device->getTimerTimeout()]);
tell('run', fn () => $device->run());
$body = fn (array $parts) => array_slice($parts, 1);
tell('captured', fn () => [$body($seen->recvMulti()), $body($seen->recvMulti())]);
tell('all', fn () => $seen->recvMulti(ZMQ::MODE_DONTWAIT));

// Idle.
$device = new ZMQDevice($front, $back);
$idle = 0;
$device->setIdleCallback(function (mixed $data) use (&$idle) {
    if ($idle++ === 0) {
        var_dump($data);
    }
    return $idle < 3;
}, 2, null);
tell('run', fn () => $device->run());
tell('times', fn () => $idle);
tell('again', fn () => $device->run());
tell('times', fn () => $idle);

// Both.
$device = new ZMQDevice($front, $back);
$idle = $timer = 0;
$device->setIdleCallback(function () use (&$idle) {
    $idle++;
    return true;
}, 3, 1);
$device->setTimerCallback(function () use (&$timer, &$idle) {
    return ++$timer < 3 || $idle < 1;
}, 7);
tell('run', fn () => $device->run());
tell('times', fn () => [$timer >= 3, $idle >= 1]);

// Timeouts may be set while it runs.
$device = new ZMQDevice($front, $back);
$times = 0;
$device->setTimerCallback(function () use (&$times, $device) {
    $device->setTimerTimeout(2);
    return ++$times < 3;
}, 1);
tell('run', fn () => $device->run());
tell('timeout', fn () => $device->getTimerTimeout());

// What ends it otherwise.
foreach ([0, false, null, '', '0', []] as $end) {
    $device->setTimerCallback(fn () => $end, 1);
    tell('ends by ' . json_encode($end), fn () => $device->run());
}
$device->setTimerCallback(function () {
}, 1);
tell('ends by nothing', fn () => $device->run());
$device->setTimerCallback(fn () => throw new LogicException('from the timer', 3), 1);
tell('throws', fn () => $device->run());
$device->setTimerCallback(fn () => false, 1000);
$device->setIdleCallback(fn () => throw new LogicException('from idling', 4), 1, null);
tell('throws', fn () => $device->run());
tell('as a value', fn () => $device->setIdleCallback('intdiv', 1, 5) === $device);

// Odd times.
foreach ([NAN, 1e20, -1e20, '1e20', [], new stdClass()] as $timeout) {
    tell('no time', fn () => $device->setIdleCallback(fn () => false, $timeout, null));
}
$device = new ZMQDevice($front, $back);
tell('for ever', fn () => $device->setIdleCallback(fn () => true, PHP_INT_MAX, null)->getIdleTimeout());
$device->setTimerCallback(fn () => false, 1);
tell('run', fn () => $device->run());

// Two arguments to setIdleCallback: the second is the data, as long ago.
$device = new ZMQDevice($front, $back);
$device->setIdleTimeout(2);
set_error_handler(function (int $level, string $message) {
    echo "  ($message)\n";
    return true;
});
tell('as before', fn () => $device->setIdleCallback(function (mixed $data) {
    var_dump($data);
    return false;
}, 'data') === $device);
tell('timeout', fn () => $device->getIdleTimeout());
tell('run', fn () => $device->run());
restore_error_handler();

// What cannot be forwarded.
$pull = $socket(ZMQ::SOCKET_PULL)->bind('inproc://pull');
$pusher = $socket(ZMQ::SOCKET_PUSH)->connect('inproc://pull');
$device = new ZMQDevice($pull, $socket(ZMQ::SOCKET_REP));
$device->setTimerCallback(fn () => false, 1000);
$pusher->send('lost');
tell('cannot be sent', fn () => $device->run());
$device = new ZMQDevice($pull, $socket(ZMQ::SOCKET_SUB));
$device->setTimerCallback(fn () => false, 1000);
$pusher->send('lost');
tell('cannot send', fn () => $device->run());
