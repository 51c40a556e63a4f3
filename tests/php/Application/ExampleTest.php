<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * examples/services runs as its reader would run it.
 */
final class ExampleTest extends ProcessTestCase
{
    private const FOLDER = __DIR__ . '/../../../examples/services';

    public function testTheShopServes(): void
    {
        $server = $this->own(ChildProcess::php(self::FOLDER . '/server.php', ['tcp://127.0.0.1:0']));
        $endpoint = substr($server->readLine(), strlen('listening on '));
        $client = $this->own(ChildProcess::php(self::FOLDER . '/client.php', [$endpoint]));
        self::assertSame(
            <<<'END'
            three teas: 1050
            NotSold: we have no coffee
            InvalidParameters: parameter 'pieces' is expected to be at least 1, got 0
            Forbidden: shop.order wants a valid key in the meta 'access_key'
            {"for":"Ada","article":"tea","cents":1155}
            {"shop.price":3,"shop.order":2,"prices.raise":1}
            shop.order: Orders something; the caller says in its meta for whom.
            shop.price: What some pieces of an article cost, in cents.

            END,
            $client->readAll(),
            $client->errors() . $server->errors()
        );
        $log = explode("\n", rtrim($server->errors()));
        self::assertCount(7, $log);
        self::assertStringStartsWith('info: zroute: shop.price for ', $log[0]);
        self::assertStringContainsString(': fault -32003 Forbidden, ', $log[3]);
    }
}
