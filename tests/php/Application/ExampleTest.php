<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

use Zroute\Client;
use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\Process\ServerProcess;
use Zroute\Tests\Process\TemporaryFolder;
use Zroute\Tests\ProcessTestCase;

/**
 * examples/services and examples/psr11 run as their readers would run them.
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

    /** @testWith ["routes.php"]
     *            ["symfony.php"]
     */
    public function testAContainerGivesWhatHandlersWant(string $routes): void
    {
        $script = '$server = new Zroute\Server();'
            . 'Zroute\Routes::fromFile($argv[1])->register($server);'
            . 'echo $server->bind("tcp://127.0.0.1:0"), "\n";'
            . '$server->run();';
        $folder = new TemporaryFolder();
        file_put_contents(
            "$folder->path/server.php",
            "<?php require '" . __DIR__ . "/../../../php/autoload.php'; $script"
        );
        $process = $this->own(ChildProcess::php(
            "$folder->path/server.php",
            [__DIR__ . "/../../../examples/psr11/$routes"]
        ));
        $client = new Client((new ServerProcess($process))->endpoint);
        self::assertSame(700, $client->call('shop.price', ['tea', 2]));
        foreach (range(1, 2) as $_) {
            self::assertSame([['tea', 'cake'], 770], $client->call('shop.buy', ['tea', 'cake']), 'a fresh basket');
        }
        self::assertSame(['tea'], $client->call('cheap', ['tea', 'cake']));
        $this->expectExceptionMessage('we have no coffee');
        $client->call('shop.price', ['coffee']);
    }
}
