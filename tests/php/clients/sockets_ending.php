<?php

// Ends in one of the ways in which scripts end, with sockets open and messages on their way.

declare(strict_types=1);

use Zroute\Socket\Context;
use Zroute\Socket\Monitor;
use Zroute\Socket\Poll;
use Zroute\Socket\Publisher;
use Zroute\Socket\Pull;
use Zroute\Socket\Push;

require __DIR__ . '/../../../php/autoload.php';

final class Holder
{
    public static ?Push $static = null;
    public ?self $cycle = null;

    public function __construct(public ?Push $push, private bool $sends = false)
    {
    }

    public function __destruct()
    {
        if ($this->sends) {
            fill($this->push);
        }
    }
}

function fill(Push $push): Push
{
    for ($i = 0; $i < 100; $i++) {
        $push->send("$i");
    }
    return $push;
}

[, $end, $endpoint] = $argv;
$options = ['ZMQ_LINGER' => $endpoint === 'tcp://127.0.0.1:1' ? 10 : 20_000];
// They have nothing to say, and end with the others.
$bystanders = [$publisher = new Publisher(bind: 'inproc://bystander'), new Monitor($publisher), new Poll([$publisher])];
$context = $end === 'context' ? new Context() : null;

$push = new Push($endpoint, options: $options, context: $context);
switch ($end) {
    case 'function':
        (function () use ($endpoint, $options): void {
            static $kept;
            $kept = fill(new Push($endpoint, options: $options));
        })();
        break;
    case 'cycle':
        $holder = new Holder(fill($push));
        $holder->cycle = $holder;
        unset($push, $holder);
        break;
    case 'static':
        Holder::$static = fill($push);
        unset($push);
        break;
    case 'destructor':
        $holder = new Holder($push, true);
        break;
    default:
        fill($push);
}
if ($end === 'exit') {
    exit(7);
}
if ($end === 'exception') {
    throw new LogicException('the end');
}
