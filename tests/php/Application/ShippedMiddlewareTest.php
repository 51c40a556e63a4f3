<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

use Zroute\Call;
use Zroute\Fault;
use Zroute\Middleware\AccessKey;
use Zroute\Middleware\Log;
use Zroute\Middleware\Timing;
use Zroute\Middleware\Valid;
use Zroute\Middleware\Validate;
use Zroute\Server;
use Zroute\Tests\ApplicationTestCase;
use Zroute\Tests\servers\RecordingLogger;

/**
 * The middleware that comes along.
 */
final class ShippedMiddlewareTest extends ApplicationTestCase
{
    public function testTheLogSaysWhoCalledWhatAndHowItEnded(): void
    {
        $logger = new RecordingLogger();
        $server = new Server([
            'f' => fn (int $a) => $a,
            'throws' => fn () => throw new \DomainException('no luck'),
            'refuses' => fn () => throw new Fault(7, 'not today', 'Closed'),
        ], [], new RecordingLogger());
        $server->middleware('*', new Log($logger, failed: 'notice'));
        $this->call($server, 'f', [1]);
        $this->fault($server, 'f', ['x']);
        $this->fault($server, 'throws');
        $this->fault($server, 'refuses');

        self::assertSame(['info', 'notice', 'notice', 'notice'], array_column($logger->records, 0));
        $contexts = $logger->contexts;
        self::assertSame(['f', 'f', 'throws', 'refuses'], array_column($contexts, 'function'));
        self::assertSame(
            ['answered', 'fault -32602 InvalidParameters', 'failed with DomainException', 'fault 7 Closed'],
            array_column($contexts, 'outcome')
        );
        self::assertCount(3, array_column($contexts, 'exception'));
        self::assertGreaterThan(0, $contexts[0]['ms']);
        self::assertMatchesRegularExpression('/^zroute: f for \S+: answered, [\d.]+ ms$/', $logger->records[0][1]);
    }

    public function testAKeyOpensWhatItAllows(): void
    {
        $server = new Server(['shop.price' => fn () => 350, 'shop.close' => fn () => 'closed']);
        $server->middleware('shop.*', new AccessKey(['guest-key' => ['shop.price', 'x.*'], '1234567890' => ['*']]));
        $with = static fn (mixed $key): array => ['meta' => ['access_key' => $key]];

        self::assertSame(350, $this->call($server, 'shop.price', [], $with('guest-key')));
        self::assertSame('closed', $this->call($server, 'shop.close', [], $with('1234567890')));
        self::assertSame(
            '-32003 Forbidden this key does not allow shop.close',
            $this->fault($server, 'shop.close', [], $with('guest-key'))
        );
        $refused = "-32003 Forbidden shop.price wants a valid key in the meta 'access_key'";
        self::assertSame($refused, $this->fault($server, 'shop.price'));
        foreach (['', 'guest-ke', 'guest-key ', 'GUEST-KEY', 1234567890, null, ['guest-key'], true] as $wrong) {
            self::assertSame($refused, $this->fault($server, 'shop.price', [], $with($wrong)));
        }
    }

    public function testKeysThatAreNoneAreRefused(): void
    {
        $text = 'expected to have 8 characters or more, got ';
        self::assertRefused("{$text}7", fn () => new AccessKey(['seven77' => ['*']]));
        self::assertRefused("{$text}1", fn () => new AccessKey([getenv('ZROUTE_NO_SUCH_VARIABLE') => ['*']]));
        self::assertRefused('a list of globs', fn () => new AccessKey(['long-key' => '*']));
        self::assertRefused('a list of globs', fn () => new AccessKey(['long-key' => [1]]));
    }

    public function testAttributesSayWhatAParameterMayBe(): void
    {
        $server = new Server(['order' => fn (
            Call $call,
            #[Valid(pattern: '/^[a-z]+$/', max: 5)] string $article,
            #[Valid(min: 1, max: 99)] int|float $pieces = 1,
            #[Valid(in: ['post', 'courier'])] ?string $by = null,
            #[Valid(max: 3)] string ...$notes,
        ) => [$article, $pieces, $by, $notes]]);
        $server->middleware('*', new Validate());

        self::assertSame(['tea', 1, null, []], $this->call($server, 'order', ['tea']));
        $order = ['tea', 9, 'post', 'x', 'äöü'];
        self::assertSame(['tea', 9, 'post', ['x', 'äöü']], $this->call($server, 'order', $order));
        self::assertSame(['tea', 9, null, []], $this->call($server, 'order', ['pieces' => 9, 'article' => 'tea']));
        $of = '-32602 InvalidParameters parameter ';
        $refused = [
            "'article' is expected to be at most 5 characters, got 6" => ['coffee'],
            "'article' is expected to be text that matches /^[a-z]+$/" => ['article' => 'Tea'],
            "'pieces' is expected to be at least 1, got 0" => ['tea', 0],
            "'pieces' is expected to be at most 99, got 99.5" => ['tea', 99.5],
            "'by' is expected to be one of \"post\", \"courier\"" => ['article' => 'tea', 'by' => 'sea'],
            "'notes' is expected to be at most 3 characters, got 4" => ['tea', 1, 'post', 'abc', 'abcd'],
        ];
        foreach ($refused as $text => $parameters) {
            self::assertSame($of . $text, $this->fault($server, 'order', $parameters));
        }
        self::assertStringContainsString("'pieces'", $this->fault($server, 'order', ['tea', NAN]));
        self::assertStringContainsString('expected 1 or more parameters, got 0', $this->fault($server, 'order'));
        self::assertStringContainsString('must be of type string', $this->fault($server, 'order', [5]));
    }

    public function testAnArrayThatComesWholeIsCounted(): void
    {
        $server = new Server(['sum' => fn (#[Valid(min: 1, max: 3)] array $data) => array_sum($data)]);
        $server->middleware('*', new Validate());
        self::assertSame(6, $this->call($server, 'sum', [1, 2, 3]));
        self::assertStringContainsString("'data' is expected to be at least 1 items", $this->fault($server, 'sum'));
    }

    public function testARuleInPhpMayObject(): void
    {
        $server = new Server(['f' => fn (int $a, int $b) => $a + $b]);
        $server->middleware('f', new Validate(
            fn (Call $call): ?string => $call->parameters[0] > $call->parameters[1] ? 'a is larger than b' : null
        ));
        self::assertSame(3, $this->call($server, 'f', [1, 2]));
        self::assertSame('-32602 InvalidParameters a is larger than b', $this->fault($server, 'f', [2, 1]));
    }

    public function testTimesAreCollectedByFunction(): void
    {
        $server = new Server(['f' => fn () => 1, 'fails' => fn () => throw new Fault(1, 'no')]);
        $server->middleware('*', $timing = new Timing());
        $this->call($server, 'f');
        $this->call($server, 'f');
        $this->fault($server, 'fails');
        $times = $timing->times();
        self::assertSame(['f' => 2, 'fails' => 1], array_map(static fn (array $time): int => $time['calls'], $times));
        self::assertGreaterThanOrEqual($times['f']['max_ms'], $times['f']['total_ms']);
        self::assertGreaterThan(0, $times['fails']['max_ms']);
    }

    public function testTimesAreToldOneByOne(): void
    {
        $told = [];
        $server = new Server(['f' => fn () => 1]);
        $server->middleware('*', $timing = new Timing(function (string $function, float $ms) use (&$told): void {
            $told[] = [$function, $ms > 0];
        }));
        $this->call($server, 'f');
        self::assertSame([['f', true]], $told);
        self::assertSame([], $timing->times());
    }
}
