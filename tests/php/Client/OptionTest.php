<?php

declare(strict_types=1);

namespace Zroute\Tests\Client;

use PHPUnit\Framework\TestCase;
use Zroute\Client;
use Zroute\Exception\InvalidOption;
use Zroute\Server;

/**
 * Options are taken at their word or refused, on both sides.
 */
final class OptionTest extends TestCase
{
    /** @return iterable<string, array{class-string, array<mixed>, string}> */
    public static function wrong(): iterable
    {
        foreach ([Client::class, Server::class] as $class) {
            yield "$class, a name that is none" => [$class, ['nope' => 1], "there is no option 'nope'"];
            yield "$class, a name with a NUL" => [$class, ["linger_ms\0" => 1], 'NUL'];
            yield "$class, a number as a name" => [$class, [1], "there is no option '0'"];
            yield "$class, too small" => [$class, ['max_message' => 0], "option 'max_message' goes from 1 to"];
            yield "$class, too large" => [$class, ['max_depth' => 513], "'max_depth' goes from 1 to 512, got 513"];
            yield "$class, a text for a number" => [$class, ['linger_ms' => '5'], 'is expected to be an integer'];
            yield "$class, a number for a text" => [$class, ['curve_secret_key' => 5], 'is expected to be a text'];
            yield "$class, a text with a NUL" => [$class, ['curve_secret_key' => "a\0b"], 'NUL'];
            yield "$class, a text that is not UTF-8" => [$class, ['curve_secret_key' => "\xff"], 'UTF-8'];
            foreach ([null, 1.5, [1], new \stdClass()] as $value) {
                $type = get_debug_type($value);
                yield "$class, $type" => [$class, ['linger_ms' => $value], "to be int, string or bool, got $type"];
            }
            yield "$class, what the library keeps for itself" => [$class, ['values' => 'msgpack'], "option 'values'"];
        }
        yield 'one of a server' => [Client::class, ['max_open_calls' => 1], "'max_open_calls' is not one of a client"];
        yield 'one of a client' => [Server::class, ['timeout_ms' => 1], "option 'timeout_ms' is not one of a server"];
        yield 'a name without its end' => [Client::class, ['timeout' => 1], "did you mean 'timeout_ms'?"];
        yield 'a first pause over the longest' => [
            Client::class,
            ['retry_base_ms' => 3, 'retry_max_ms' => 2],
            "'retry_base_ms' is expected to be no more than 'retry_max_ms', got 3 and 2",
        ];
        yield 'error_details for a client' => [Client::class, ['error_details' => true], "no option 'error_details'"];
        yield 'error_details as a text' => [Server::class, ['error_details' => 'no'], 'to be bool, got string'];
    }

    /**
     * @dataProvider wrong
     * @param class-string $class
     * @param array<mixed> $options
     */
    public function testAWrongOptionIsRefused(string $class, array $options, string $text): void
    {
        $this->expectException(InvalidOption::class);
        $this->expectExceptionMessage($text);
        new $class([], $options);
    }

    public function testAnUnknownOptionIsToldThoseOfItsKindAlone(): void
    {
        $told = static function (string $class): string {
            try {
                new $class([], ['nope' => 1]);
            } catch (InvalidOption $e) {
                return $e->getMessage();
            }
            self::fail('it was taken');
        };
        $client = $told(Client::class);
        self::assertMatchesRegularExpression(
            "/there is no option 'nope'; a client has max_message, .*\btimeout_ms\b/",
            $client
        );
        self::assertDoesNotMatchRegularExpression('/server has|drain_ms|error_details|\bvalues\b/', $client);
        $server = $told(Server::class);
        self::assertMatchesRegularExpression("/; a server has error_details, max_message, .*\bdrain_ms\b/", $server);
        self::assertDoesNotMatchRegularExpression('/client has|timeout_ms|\bvalues\b/', $server);
    }

    public function testEachOptionIsTakenByItsSide(): void
    {
        $both = [
            'max_message' => 1000, 'max_depth' => 5, 'max_nodes' => 100, 'max_collisions' => 10,
            'send_high_water' => 10, 'receive_high_water' => 10, 'handshake_ms' => 100, 'linger_ms' => 0,
        ];
        $server = new Server([], $both + [
            'max_open_calls' => 5, 'send_buffer' => 1000, 'backlog' => 5, 'allow_public' => true,
            'error_details' => false,
        ]);
        $client = new Client($server->bind('tcp://127.0.0.1:0'), $both + [
            'timeout_ms' => 100, 'reconnect_ms' => 10, 'reconnect_max_ms' => 100,
        ]);
        self::assertSame(0, $client->counters()['calls']);
    }

    public function testLimitsHoldForTheirMessages(): void
    {
        $server = new Server(['untyped' => fn ($value) => $value], ['max_message' => 1000, 'max_depth' => 3]);
        $client = new Client($server->bind('tcp://127.0.0.1:0'));
        $answer = function (mixed $value) use ($server, $client): mixed {
            $call = $client->async('untyped', $value);
            for ($turn = 0; !$call->isDone() && $turn < 1000; $turn++) {
                $server->step(10);
            }
            try {
                return $call->await();
            } catch (\Zroute\Exception\RemoteError $e) {
                return $e->getCode();
            }
        };
        self::assertSame([1], $answer([1]));
        self::assertSame(-32004, $answer(str_repeat('x', 1001)));
        self::assertSame(-32700, $answer([[[[1]]]]));
        self::assertSame([[2]], $answer([[2]]));
    }

    public function testADeeperServerTakesDeeperAnswersWithAZeroToo(): void
    {
        $deep = static function (int $levels): array {
            $value = [0];
            while (--$levels > 0) {
                $value = [$value];
            }
            return $value;
        };
        $options = ['max_depth' => 300];
        $server = new Server(['deep' => fn () => $deep(300)], $options);
        $client = new Client($server->bind('tcp://127.0.0.1:0'), $options);
        $call = $client->async('deep');
        for ($turn = 0; !$call->isDone() && $turn < 1000; $turn++) {
            $server->step(10);
        }
        self::assertSame($deep(300), $call->await());
    }

    /** @return iterable<array{array<mixed>}> */
    public static function noEndpoints(): iterable
    {
        yield 'none' => [[]];
        yield 'a number' => [[1]];
        yield 'null' => [[null]];
    }

    /**
     * @dataProvider noEndpoints
     * @param array<mixed> $endpoints
     */
    public function testAClientWithoutAnEndpointIsRefused(array $endpoints): void
    {
        $this->expectException(InvalidOption::class);
        $this->expectExceptionMessage('one endpoint or more');
        new Client($endpoints);
    }
}
