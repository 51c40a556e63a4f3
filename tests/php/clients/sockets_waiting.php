<?php

// Waits in one of the ways in which sockets wait, while signals come in.

declare(strict_types=1);

use Zroute\Exception\SocketClosed;
use Zroute\Socket\Dealer;
use Zroute\Socket\Monitor;
use Zroute\Socket\Poll;
use Zroute\Socket\Proxy;
use Zroute\Socket\Pull;
use Zroute\Socket\Push;
use Zroute\Socket\Router;

require __DIR__ . '/../../../php/autoload.php';

[, $wait, $async] = $argv;

$pull = new Pull(bind: 'tcp://127.0.0.1:*');
$push = new Push(bind: 'tcp://127.0.0.1:*');
$poll = new Poll(['pull' => $pull, 'stdin' => STDIN]);
$proxy = new Proxy(new Router(bind: 'tcp://127.0.0.1:*'), new Dealer(bind: 'tcp://127.0.0.1:*'));
$monitor = new Monitor($pull);

pcntl_async_signals((bool) $async);
pcntl_signal(SIGUSR1, function (): void {
    echo "signal\n";
});
pcntl_signal(SIGUSR2, function (): void {
    throw new RuntimeException('enough');
});
pcntl_signal(SIGTERM, match ($wait) {
    'receive' => fn () => $pull->close(),
    'loop' => fn () => $pull->stop(),
    'send' => fn () => $push->close(),
    'poll' => fn () => $poll->stop(),
    'proxy' => fn () => $proxy->stop(),
    'monitor' => fn () => $monitor->stop(),
});

echo "ready\n";
try {
    match ($wait) {
        'receive' => $pull->receive(),
        'loop' => iterator_to_array($pull),
        'send' => $push->send('x'),
        'poll' => $poll->wait(),
        'proxy' => $proxy->run(),
        'monitor' => iterator_to_array($monitor),
    };
    echo "ended\n";
} catch (SocketClosed) {
    echo "ended\n";
} catch (RuntimeException $e) {
    echo "thrown: {$e->getMessage()}\n";
}
