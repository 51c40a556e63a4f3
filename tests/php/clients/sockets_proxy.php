<?php

// A proxy; prints its endpoints, and when it has ended.

declare(strict_types=1);

use Zroute\Socket\Dealer;
use Zroute\Socket\Proxy;
use Zroute\Socket\Pull;
use Zroute\Socket\Push;
use Zroute\Socket\Router;
use Zroute\Socket\XPublisher;
use Zroute\Socket\XSubscriber;

require __DIR__ . '/../../../php/autoload.php';

$bind = ['bind' => 'tcp://127.0.0.1:*'];
$sockets = match ($argv[1]) {
    'requests' => [new Router(...$bind), new Dealer(...$bind)],
    'news' => [new XSubscriber(...$bind), new XPublisher(...$bind)],
    'work' => [new Pull(...$bind), new Push(...$bind), new Push(...$bind), new Pull(...$bind)],
};
$proxy = new Proxy(...$sockets);
pcntl_async_signals(true);
pcntl_signal(SIGTERM, $proxy->stop(...));
foreach ($sockets as $socket) {
    echo $socket->endpoint(), "\n";
}
$proxy->run();
echo "ended\n";
