<?php

declare(strict_types=1);

namespace Zroute\Tests\Environment;

use PHPUnit\Framework\TestCase;
use Zroute\Client;
use Zroute\Exception\ConnectionFailed;
use Zroute\Server;
use Zroute\Socket\Context;
use Zroute\Socket\Dealer;
use Zroute\Socket\Monitor;
use Zroute\Socket\Poll;
use Zroute\Socket\Proxy;
use Zroute\Socket\Pull;
use Zroute\Socket\Router;

/**
 * What var_dump() shows of an object is what its owner wants to know.
 */
final class DumpTest extends TestCase
{
    public function testASocket(): void
    {
        $pull = new Pull(bind: 'inproc://dump', options: ['ZMQ_RCVTIMEO' => 7]);
        self::assertSame(['ZMQ_PULL', true, ['inproc://dump'], 7, -1], array_values($pull->__debugInfo()));
        self::assertSame('Pull on inproc://dump', (new Monitor($pull))->__debugInfo()['of']);
        $pull->close();
        self::assertFalse($pull->__debugInfo()['open']);
    }

    public function testAPoll(): void
    {
        $pull = new Pull();
        $poll = new Poll(['jobs' => $pull], ['log' => STDERR]);
        self::assertSame(['readable' => ['jobs' => $pull], 'writable' => ['log' => STDERR]], $poll->__debugInfo());
    }

    public function testAServer(): void
    {
        $server = new Server(['plus' => fn (array $data): int|float => array_sum($data)]);
        $bound = [$server->bind('tcp://127.0.0.1:0'), $server->bind('tcp://127.0.0.1:0')];
        ['endpoints' => $endpoints, 'functions' => $functions, 'counters' => $counters] = $server->__debugInfo();
        self::assertSame([$bound, ['plus'], 0], [$endpoints, $functions, $counters['calls']]);
    }

    public function testAClientAndItsCalls(): void
    {
        $client = new Client('tcp://127.0.0.1:1');
        $call = $client->async('plus', [1], 1);
        self::assertSame(['function' => 'plus', 'ended' => false], $call->__debugInfo());
        ['servers' => $servers, 'counters' => $counters] = $client->__debugInfo();
        self::assertSame('tcp://127.0.0.1:1', $servers[0]['endpoint']);
        self::assertSame(1, $counters['calls']);
        try {
            $call->await();
            self::fail('a server was there');
        } catch (ConnectionFailed $e) {
            self::assertSame($e->getMessage(), $call->__debugInfo()['failure']);
        }
    }

    public function testWhatHasNoConstructorRun(): void
    {
        $client = (new \ReflectionClass(Client::class))->newInstanceWithoutConstructor();
        self::assertSame(['unusable'], array_keys($client->__debugInfo()));
    }

    public function testNothingShowsTheLibraryInside(): void
    {
        $router = new Router();
        $all = [
            new Context(), $router, new Poll([$router]), new Proxy($router, new Dealer()), new Monitor($router),
            new Server(), new Client('tcp://127.0.0.1:1'), (new Client('tcp://127.0.0.1:1'))->async('f'),
        ];
        foreach ($all as $object) {
            $shown = print_r($object, true);
            self::assertStringNotContainsString('FFI', $shown);
            self::assertLessThan(60, substr_count($shown, "\n"), $object::class);
        }
    }
}
