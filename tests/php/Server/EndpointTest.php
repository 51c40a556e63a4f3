<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use Zroute\Client;
use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\InvalidState;
use Zroute\Server;
use Zroute\Tests\ProcessTestCase;

/**
 * Where a server can be reached.
 */
final class EndpointTest extends ProcessTestCase
{
    public function testOneServerServesSeveralEndpoints(): void
    {
        $socket = sys_get_temp_dir() . '/zroute-' . getmypid() . '.sock';
        $server = $this->serve('endpoints', [
            'endpoints' => ['tcp://127.0.0.1:0', 'tcp://127.0.0.1:*', "ipc://$socket"],
        ]);
        $endpoints = explode(' ', $server->endpoint);
        self::assertCount(3, array_unique($endpoints));
        foreach ($endpoints as $endpoint) {
            self::assertSame(6, (new Client($endpoint, ['timeout_ms' => 10_000]))->call('plus', [1, 2, 3]), $endpoint);
        }
        unlink($socket);
    }

    public function testBindTellsThePortThatItTook(): void
    {
        $server = new Server();
        self::assertMatchesRegularExpression('~^tcp://127\.0\.0\.1:[1-9]\d*$~', $server->bind('tcp://127.0.0.1:0'));
        self::assertMatchesRegularExpression('~^tcp://127\.0\.0\.1:[1-9]\d*$~', $server->bind('tcp://127.0.0.1:*'));
    }

    public function testAnEndpointInUseIsNamed(): void
    {
        $first = new Server();
        $endpoint = $first->bind('tcp://127.0.0.1:0');
        $this->expectException(ConnectionFailed::class);
        $this->expectExceptionMessage($endpoint);
        (new Server())->bind($endpoint);
    }

    public function testAServerThatHasBoundNothingDoesNotRunForEver(): void
    {
        $server = new Server(['plus' => array_sum(...)]);
        self::assertSame(0, $server->step(1), 'a step is not for ever, and bind() may follow');
        $this->expectException(InvalidState::class);
        $this->expectExceptionMessage('call bind() before run()');
        $server->run();
    }

    /** @return iterable<array{string, string}> */
    public static function wrong(): iterable
    {
        yield ['', 'tcp://host:port'];
        yield ['127.0.0.1:5555', 'tcp://host:port'];
        yield ['http://127.0.0.1:5555', 'http://127.0.0.1:5555'];
        yield ['tcp://', 'nothing follows'];
        yield ['tcp://127.0.0.1', 'a port is missing'];
        yield ['tcp://127.0.0.1:70000', 'a number from 0 to 65535'];
        yield ['tcp://:5555', 'a host is missing'];
        yield ["tcp://127.0.0.1:5555\0x", 'NUL'];
        yield ["ipc://\xff\xfe", 'UTF-8'];
    }

    /** @dataProvider wrong */
    public function testWhatIsNoEndpointIsRefusedOnBothSides(string $endpoint, string $text): void
    {
        foreach ([fn () => (new Server())->bind($endpoint), fn () => new Client($endpoint)] as $use) {
            try {
                $use();
                self::fail("'$endpoint' was taken");
            } catch (InvalidOption $e) {
                self::assertStringContainsString($text, $e->getMessage());
            }
        }
    }

    public function testConstructorsThatThrowLeaveNothingBehind(): void
    {
        $descriptors = fn () => count(scandir('/proc/self/fd'));
        $fail = function (callable $construct): void {
            try {
                $construct();
                self::fail('it was taken');
            } catch (InvalidOption) {
            }
        };
        $fail(fn () => new Client(['tcp://127.0.0.1:1', 'bogus']));
        $before = $descriptors();
        for ($i = 0; $i < 30; $i++) {
            $fail(fn () => new Client(['tcp://127.0.0.1:1', 'bogus']));
            $fail(fn () => new Server(['f' => 'no_such_function']));
            $fail(fn () => new Server([], ['linger_ms' => -1]));
        }
        self::assertSame($before, $descriptors());
    }
}
