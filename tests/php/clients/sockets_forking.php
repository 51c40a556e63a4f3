<?php

// Uses sockets on both sides of a fork, and prints what came of it.

declare(strict_types=1);

use Zroute\Exception\ForkedHandle;
use Zroute\Socket\Context;
use Zroute\Socket\Poll;
use Zroute\Socket\Pull;
use Zroute\Socket\Push;

require __DIR__ . '/../../../php/autoload.php';

$context = new Context();
$own = new Push(bind: 'inproc://own', context: $context);
$push = new Push(bind: 'tcp://127.0.0.1:*');
$pull = new Pull($push->endpoint());
$poll = new Poll([$pull]);
$isForked = static function (callable $use): bool {
    try {
        $use();
        return false;
    } catch (ForkedHandle) {
        return true;
    }
};

foreach (['exit', 'kill', 'unset'] as $end) {
    $push->send('1');
    $child = pcntl_fork();
    if ($child === 0) {
        $right = $isForked(fn () => $push->send('from the child'))
            && $isForked(fn () => $pull->receive())
            && $isForked(fn () => $pull->hasMessage())
            && $isForked(fn () => $push->bind('tcp://127.0.0.1:*'))
            && $isForked(fn () => $poll->wait())
            && $isForked(fn () => new Push(context: $context));
        // Its own are another process's.
        $here = new Push(bind: 'tcp://127.0.0.1:*');
        $there = new Pull($here->endpoint());
        $here->send('child');
        $right = $right && $there->receive(10_000) === 'child';
        if ($end === 'kill') {
            posix_kill(getmypid(), $right ? SIGKILL : SIGTERM);
        }
        if ($end === 'unset') {
            unset($poll, $pull, $push, $own, $context);
        }
        exit($right ? 3 : 4);
    }
    pcntl_waitpid($child, $status);
    echo "$end: ", pcntl_wifsignaled($status) ? 128 + pcntl_wtermsig($status) : pcntl_wexitstatus($status), "\n";
    $push->send('2');
    echo 'parent: ', $pull->receive(10_000), ' ', $pull->receive(10_000), "\n";
}
