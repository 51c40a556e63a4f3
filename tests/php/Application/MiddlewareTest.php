<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

use Zroute\Call;
use Zroute\Fault;
use Zroute\Middleware;
use Zroute\Server;
use Zroute\Tests\ApplicationTestCase;

/**
 * What goes around handlers.
 */
final class MiddlewareTest extends ApplicationTestCase
{
    public function testTheFirstIsOutermostAndGlobsChoose(): void
    {
        $trace = [];
        $note = function (string $name) use (&$trace): \Closure {
            return function (Call $call, callable $next) use (&$trace, $name): mixed {
                $trace[] = "$name before $call->function";
                $answer = $next($call);
                $trace[] = "$name after";
                return $answer;
            };
        };
        $server = new Server(['math.add' => fn (int $a, int $b) => $a + $b, 'text.up' => 'strtoupper']);
        $server->middleware('*', $note('all'))->middleware('math.*', $note('math'))->middleware('text.?', $note('no'));
        // One that comes later is surrounded too.
        $server->register('math.double', fn (int $a) => 2 * $a);

        self::assertSame(3, $this->call($server, 'math.add', [1, 2]));
        self::assertSame(['all before math.add', 'math before math.add', 'math after', 'all after'], $trace);
        $trace = [];
        self::assertSame(4, $this->call($server, 'math.double', [2]));
        self::assertCount(4, $trace);
        $trace = [];
        self::assertSame('A', $this->call($server, 'text.up', ['a']));
        self::assertSame(['all before text.up', 'all after'], $trace);
    }

    public function testItMayAnswerRefuseAndChangeTheCall(): void
    {
        $ran = 0;
        $server = new Server(['f' => function (int $a, Call $call) use (&$ran): array {
            $ran++;
            return [$a, $call->parameters, $call->attributes];
        }]);
        $server->middleware('f', function (Call $call, callable $next): mixed {
            $call->attributes['user'] = 'ada';
            return match ($call->parameters) {
                ['cached'] => 'from the cache',
                ['refused'] => throw new Fault(7, 'not today', 'Closed'),
                default => $next($call->withParameters([$call->parameters[0] + 1])),
            };
        });
        self::assertSame([2, [2], ['user' => 'ada']], $this->call($server, 'f', [1]));
        self::assertSame(1, $ran);
        self::assertSame('from the cache', $this->call($server, 'f', ['cached']));
        self::assertSame('7 Closed not today', $this->fault($server, 'f', ['refused']));
        self::assertSame(1, $ran, 'the handler did not run');
    }

    public function testItSeesHowTheHandlerFails(): void
    {
        $seen = [];
        $server = new Server([
            'one_int' => fn (int $a) => strlen([]),
            'whole' => fn (array $a) => throw new \DomainException('no luck'),
        ]);
        $server->middleware('*', function (Call $call, callable $next) use (&$seen): mixed {
            try {
                return $next($call);
            } catch (\Throwable $e) {
                $seen[] = $e::class;
                throw $e;
            }
        });
        $log = ini_set('error_log', '/dev/null');
        self::assertStringContainsString('-32602 InvalidParameters', $this->fault($server, 'one_int', ['x']));
        self::assertStringContainsString('-32602 InvalidParameters', $this->fault($server, 'whole', 'no array'));
        self::assertStringContainsString('-32603 TypeError strlen()', $this->fault($server, 'one_int', [1]));
        self::assertSame('-32603 DomainException no luck', $this->fault($server, 'whole', []));
        ini_set('error_log', (string) $log);
        self::assertSame([Fault::class, Fault::class, \TypeError::class, \DomainException::class], $seen);
    }

    public function testAnswersThatAreNoPlainValuesTravelThroughIt(): void
    {
        $server = new Server(['f' => fn () => new \ArrayIterator(['a' => 1])]);
        $server->middleware('*', fn (Call $call, callable $next) => $next($call));
        self::assertSame(['a' => 1], $this->call($server, 'f'));
    }

    public function testAClassNameIsThatOfAMiddleware(): void
    {
        $timing = new Middleware\Timing();
        $container = new Container([Middleware\Timing::class => fn () => $timing]);
        $server = new Server(['f' => fn () => 1], container: $container);
        $server->middleware('*', Middleware\Timing::class);
        $this->call($server, 'f');
        self::assertSame(1, $timing->times()['f']['calls']);

        $server = new Server(['f' => fn () => 1]);
        $server->middleware('*', Middleware\Timing::class);
        self::assertSame(1, $this->call($server, 'f'), 'one that needs nothing needs no container');
        self::assertRefused(
            'AccessKey cannot be made without constructor parameters',
            fn () => $server->middleware('*', Middleware\AccessKey::class)
        );
        self::assertRefused('got ' . Calculator::class, fn () => $server->middleware('*', Calculator::class));
        self::assertRefused('there is no function or class Nope', fn () => $server->middleware('*', 'Nope'));
    }

    public function testFunctionsWithoutAnyAreCalledAsThoughThereWereNone(): void
    {
        $arguments = null;
        $server = new Server(['f' => function (mixed $value) use (&$arguments): void {
            $arguments = func_get_args();
        }]);
        $server->middleware('g', fn () => 'never');
        $this->call($server, 'f', [1]);
        self::assertSame([[1]], $arguments);
    }
}
