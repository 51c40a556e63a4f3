<?php

declare(strict_types=1);

namespace Zroute\Tests\Client;

use PHPUnit\Framework\TestCase;
use Zroute\Client;
use Zroute\Exception\InvalidValue;
use Zroute\MessagePack;
use Zroute\Socket\Reply;

/**
 * What a client says beside the parameters of its calls.
 */
final class MetaTest extends TestCase
{
    public function testMetaTravelsWithTheCallsThatBeginAfterIt(): void
    {
        $server = new Reply(bind: 'tcp://127.0.0.1:*');
        $client = new Client($server->endpoint());
        $requests = [];
        foreach ([[], ['user' => 'ada', 'n' => [0]], ['key' => 'k'], []] as $meta) {
            $call = $client->meta($meta)->async('f', [1]);
            $deadline = microtime(true) + 20;
            do {
                $call->isDone();
                self::assertLessThan($deadline, microtime(true), 'no request came');
            } while (!$server->hasMessage(1));
            $requests[] = $server->receiveValue();
            $server->send(MessagePack::pack('done'));
            self::assertSame('done', $call->await());
        }
        self::assertSame(['f', 'f', 'f', 'f'], array_column($requests, 'function_name'));
        self::assertSame([[1], [1], [1], [1]], array_column($requests, 'parameters'));
        $meta = array_map(static fn (array $request): mixed => $request['meta'] ?? null, $requests);
        self::assertSame([null, ['user' => 'ada', 'n' => [0]], ['key' => 'k'], null], $meta);
    }

    public function testAListIsNoMeta(): void
    {
        $this->expectException(InvalidValue::class);
        (new Client('tcp://127.0.0.1:1'))->meta(['a list']);
    }
}
