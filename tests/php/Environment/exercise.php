<?php

// Uses everything once, for valgrind: server, client, MessagePack and plain sockets in one process.

declare(strict_types=1);

use Zroute\Client;
use Zroute\Curve;
use Zroute\Exception\ZrouteException;
use Zroute\Fault;
use Zroute\MessagePack;
use Zroute\Server;
use Zroute\Socket\Monitor;
use Zroute\Socket\Poll;
use Zroute\Socket\Publisher;
use Zroute\Socket\Reply;
use Zroute\Socket\Request;
use Zroute\Socket\Security;
use Zroute\Socket\Subscriber;
use Zroute\Tests\MessagePack\RandomValues;

require __DIR__ . '/../autoload.php';

ini_set('error_log', '/dev/null');

/** Gives what the code returns or throws. */
$attempt = static function (callable $code): mixed {
    try {
        return $code();
    } catch (ZrouteException $e) {
        return $e;
    }
};

// MessagePack.
$random = new RandomValues(1);
for ($i = 0; $i < 200; $i++) {
    $value = $random->value();
    $packed = MessagePack::pack($value);
    assert(serialize(MessagePack::unpack($packed)) === serialize($value));
    $attempt(fn () => MessagePack::unpack($random->bytes($packed)));
    $attempt(fn () => MessagePack::unpack(substr($packed, 0, -1)));
}
foreach ([fn () => 1, [STDERR], [0, [fn () => 1]], str_repeat('x', 17 << 20)] as $value) {
    assert($attempt(fn () => MessagePack::pack($value)) instanceof ZrouteException);
}

// Server and client.
[$public, $secret] = Curve::keyPair();
$server = new Server([
    'plus' => fn (array $data) => array_sum($data),
    'same' => fn (mixed $value) => $value,
    'throws' => fn () => throw new RuntimeException('no luck'),
    'fault' => fn () => throw new Fault(1, 'meant'),
    'closure' => fn () => [fn () => 1],
    'resource' => fn () => [STDERR, 0],
    'zeros' => fn () => [0, [0]],
    'reserved' => fn () => ['__error__' => 1],
    'spread' => fn (int $a, int ...$more) => $a,
], ['curve_secret_key' => $secret, 'max_message' => 1 << 20]);
$server->raw(fn (string $body) => $body);
$endpoints = [$server->bind('tcp://127.0.0.1:0'), $server->bind('tcp://127.0.0.1:0')];
$client = new Client($endpoints, ['curve_server_key' => $public, 'timeout_ms' => 60_000]);
$dead = new Client('tcp://127.0.0.1:1', ['timeout_ms' => 1]);
$functions = ['plus', 'same', 'throws', 'fault', 'closure', 'resource', 'zeros', 'reserved', 'spread', 'nobody'];
for ($round = 0; $round < 20; $round++) {
    $calls = [];
    foreach ($functions as $function) {
        $calls[] = $client->async($function, [$round, 1, 2]);
        $calls[] = $client->async($function, $random->value(2));
    }
    $client->async('same', ['discarded']);
    $calls[] = $client->async('same', str_repeat("\xff", 100_000 * $round));
    $call = $client->async('same', [new ArrayObject([$round, 0])]);
    while (!$call->isDone()) {
        $server->step(10);
    }
    foreach ($calls as $call) {
        while (!$call->isDone()) {
            $server->step(10);
        }
        $attempt($call->await(...));
    }
    assert($attempt(fn () => $dead->call('plus')) instanceof ZrouteException);
}

// Plain sockets.
$reply = new Reply(bind: 'tcp://127.0.0.1:*', options: Security::curveServer($secret));
$monitor = new Monitor($reply);
$request = new Request($reply->endpoint(), options: Security::curveClient($public));
$publisher = new Publisher(bind: 'inproc://news');
$subscriber = new Subscriber('inproc://news', topics: ['a', 'b']);
$poll = new Poll(['reply' => $reply, 'news' => $subscriber, 'stream' => STDERR], ['writable' => $publisher]);
for ($round = 0; $round < 20; $round++) {
    $request->send(str_repeat("\0", 10_000 * $round), 'more');
    while (!isset($poll->wait()['reply'])) {
        $publisher->send('a', 'passed on')->send('c', 'dropped');
    }
    $reply->sendFrames($reply->receiveFrames());
    assert($attempt($request->receive(...)) instanceof ZrouteException);
    $request->sendValue($value = $random->value());
    assert(serialize($reply->receiveValue()) === serialize($value));
    $reply->send('');
    assert($request->receive() === '');
    $attempt(fn () => $subscriber->receive(0));
}
assert($monitor->receive()->name !== '');
$monitor->close();
$reply->close();

// What is refused.
foreach (
    [
        fn () => new Server([], ['nope' => 1]),
        fn () => new Server(['f' => 'no_such_function']),
        fn () => new Client(['tcp://127.0.0.1:1', 'bogus']),
        fn () => $server->bind('bogus'),
        fn () => $server->bind($endpoints[0]),
        fn () => $client->call('same', fn () => 1),
        fn () => $reply->receive(),
        fn () => $request->receive(),
        fn () => new Publisher('bogus'),
        fn () => new Publisher(options: ['nope' => 1]),
        fn () => new Poll([STDIN, fopen('php://memory', 'r')]),
    ] as $refused
) {
    assert($attempt($refused) instanceof ZrouteException);
}

echo json_encode([$server->counters()['calls'] > 0, $client->counters()['in_flight']]), "\n";
