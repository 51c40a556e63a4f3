<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

use Psr\Container\ContainerInterface;
use Zroute\Call;
use Zroute\Middleware\Timing;
use Zroute\Server;
use Zroute\Service;
use Zroute\Tests\ApplicationTestCase;

/**
 * Handlers may be written as applications write them.
 */
final class HandlerTest extends ApplicationTestCase
{
    /** @return iterable<string, array{mixed}> */
    public static function double(): iterable
    {
        yield 'a pair of class and static method' => [[Calculator::class, 'double']];
        yield 'a static method' => [Calculator::class . '::double'];
        yield 'a static method with @' => [Calculator::class . '@double'];
        yield 'a closure' => [fn (int $a) => 2 * $a];
    }

    /** @dataProvider double */
    public function testAFunctionIsWhatItIsWrittenAs(mixed $handler): void
    {
        self::assertSame(42, $this->call(new Server(['f' => $handler]), 'f', [21]));
    }

    /** @return iterable<string, array{mixed}> */
    public static function add(): iterable
    {
        yield 'a pair of class and method' => [[Calculator::class, 'add']];
        yield 'a pair of object and method' => [[new Calculator(), 'add']];
        yield 'with @' => [Calculator::class . '@add'];
        yield 'with ::' => [Calculator::class . '::add'];
    }

    /** @dataProvider add */
    public function testAMethodsParametersAreItsOwn(mixed $handler): void
    {
        $server = new Server(['f' => $handler]);
        self::assertSame(5, $this->call($server, 'f', [2, 3]));
        self::assertSame(5, $this->call($server, 'f', ['b' => 3, 'a' => 2]));
        self::assertSame(3, $this->call($server, 'f', [2]));
        self::assertSame(
            '-32602 InvalidParameters expected 1 to 2 parameters, got 3',
            $this->fault($server, 'f', [1, 2, 3])
        );
        self::assertStringContainsString(
            'Calculator::add(): Argument #1 ($a) must be of type int, string given',
            $this->fault($server, 'f', ['two'])
        );
        self::assertStringContainsString("got one named 'call'", $this->fault($server, 'f', ['a' => 1, 'call' => 1]));
    }

    public function testAServiceIsItsOwnPublicMethods(): void
    {
        $server = new Server(['math' => Calculator::class]);
        self::assertSame(['math.add', 'math.sum', 'math.count'], $server->functions());
        self::assertSame(5, $this->call($server, 'math.add', [2, 3]));
        self::assertSame(6, $this->call($server, 'math.sum', [1, 2, 3]), 'a single array comes whole');
        self::assertStringContainsString('UnknownFunction', $this->fault($server, 'math.double', [1]));

        $server = new Server(['math' => new Calculator()]);
        self::assertSame(['math.add', 'math.sum', 'math.count'], $server->functions());
        self::assertSame(5, $this->call($server, 'math.add', [2, 3]));
    }

    public function testAServiceMayNameItsMethods(): void
    {
        $server = new Server(['math' => Service::of(Calculator::class, only: ['double', 'shutDown'])]);
        self::assertSame(['math.double', 'math.shutDown'], $server->functions('math.*'));
        self::assertSame(4, $this->call($server, 'math.double', [2]));
        self::assertSame('down', $this->call($server, 'math.shutDown'));
    }

    public function testWithoutAContainerAClassHasOneObjectMadeAtItsFirstCall(): void
    {
        Calculator::$made = 0;
        $server = new Server(['math' => Calculator::class, 'count' => [Calculator::class, 'count']]);
        self::assertSame(0, Calculator::$made);
        self::assertSame(1, $this->call($server, 'math.count'));
        self::assertSame(2, $this->call($server, 'count'));
        self::assertSame(1, Calculator::$made);
    }

    public function testAContainerIsAskedAtEachCall(): void
    {
        $container = new Container([
            Greeter::class => fn () => new Greeter('Hello'),
            Greeting::class => fn () => new Greeter('Good day'),
            'greeter.german' => fn () => new Greeter('Guten Tag'),
            Calculator::class => fn () => new Calculator(),
        ]);
        $server = new Server([
            'greet' => Greeter::class,
            'greet.politely' => Greeting::class,
            'math' => Calculator::class,
        ], container: $container);
        self::assertSame([], $container->asked, 'nothing is made before it is called');
        self::assertSame('Hello, Ada', $this->call($server, 'greet', ['Ada']));
        self::assertSame('Good day, Ada', $this->call($server, 'greet.politely', ['name' => 'Ada']));
        self::assertSame([1, 1], [$this->call($server, 'math.count'), $this->call($server, 'math.count')]);
        self::assertSame([Greeter::class => 1, Greeting::class => 1, Calculator::class => 2], $container->asked);

        $server->register('greet.german', 'greeter.german');
        self::assertSame('Guten Tag, Ada', $this->call($server, 'greet.german', ['Ada']));
    }

    public function testAContainerThatDoesNotSayWhatItHasIsTried(): void
    {
        $container = new Container([Greeter::class => fn () => new Greeter('Hello')], silent: true);
        $handlers = ['greet' => Greeter::class, 'count' => [Calculator::class, 'count']];
        $server = new Server($handlers, container: $container);
        self::assertSame('Hello, Ada', $this->call($server, 'greet', ['Ada']));
        self::assertSame(1, $this->call($server, 'count'), 'what it has not, and needs nothing, is made');
        self::assertSame(2, $this->call($server, 'count'));
    }

    public function testAContainerThatFailsInItsOwnWayForWhatItHasNotIsNoTrouble(): void
    {
        $container = new class implements ContainerInterface {
            public function get(string $id): object
            {
                return match ($id) {
                    Greeter::class => new Greeter('Hello'),
                };
            }

            public function has(string $id): bool
            {
                return $id === Greeter::class;
            }
        };
        $handlers = ['greet' => Greeter::class, 'count' => [Calculator::class, 'count']];
        $server = (new Server($handlers, container: $container))->middleware('*', Timing::class, $container);
        self::assertSame('Hello, Ada', $this->call($server, 'greet', ['Ada']));
        self::assertSame(1, $this->call($server, 'count'));
    }

    public function testAnObjectThatCannotBeHadFailsItsCallOnly(): void
    {
        $container = new Container([Greeter::class => fn () => throw new \RuntimeException('no database')]);
        $log = ini_set('error_log', '/dev/null');
        $server = new Server(['greet' => Greeter::class, 'f' => fn () => 1], container: $container);
        self::assertSame('-32603 RuntimeException no database', $this->fault($server, 'greet', ['Ada']));
        self::assertSame(1, $this->call($server, 'f'));
        ini_set('error_log', (string) $log);
    }

    /** @return iterable<string, array{mixed, string}> */
    public static function unusable(): iterable
    {
        $of = "the handler of 'f' cannot be used: ";
        yield 'a number' => [5, "{$of}expected a callable, a class, Class@method"];
        yield 'a list of three' => [[1, 2, 3], 'got array'];
        yield 'no class' => ['Nothing', "{$of}there is no function or class Nothing, and no container"];
        yield 'no class with a method' => ['Nothing@at', 'there is no function or class Nothing'];
        yield 'no method' => [Calculator::class . '@nope', 'Calculator has no method nope()'];
        yield 'no method of an object' => [[new Calculator(), 'nope'], 'Calculator has no method nope()'];
        yield 'not public' => [[Calculator::class, 'hidden'], 'Calculator::hidden() is not public'];
        yield 'an interface' => [Greeting::class, 'Greeting cannot be instantiated: give the server a container'];
        yield 'constructor parameters' => [Greeter::class, 'Greeter cannot be made without constructor parameters'];
        yield 'no methods' => [new \stdClass(), 'stdClass declares no public method that is not static'];
    }

    /** @dataProvider unusable */
    public function testWhatCannotBeCalledIsRefusedAtOnce(mixed $handler, string $text): void
    {
        self::assertRefused($text, fn () => new Server(['f' => $handler]));
    }

    public function testAContainersRefusalIsTold(): void
    {
        $container = new Container([]);
        foreach ([Greeter::class, 'no.such.id'] as $handler) {
            $text = "the container cannot give $handler";
            self::assertRefused($text, fn () => new Server(['f' => $handler], container: $container));
        }
    }

    public function testTheCallIsGivenWhereverItIsWanted(): void
    {
        $server = new Server([
            'first' => fn (Call $call, int $a, int $b = 2) => [$call->function, $a, $b],
            'middle' => fn (int $a, Call $call, int ...$more) => [$call->function, $a, $more],
            'last' => fn (int $a, ?int $b = null, ?Call $call = null) => [$call?->function, $a, $b],
            'whole' => fn (array $data, Call $call) => [$call->function, $data, $call->parameters],
            'alone' => fn (Call $call) => $call->parameters,
            'any' => fn (Call $call, mixed ...$names) => [$call->function, $names],
        ]);
        self::assertSame(['first', 1, 2], $this->call($server, 'first', [1]));
        self::assertSame(['first', 1, 3], $this->call($server, 'first', ['b' => 3, 'a' => 1]));
        self::assertSame(['middle', 1, [2, 3]], $this->call($server, 'middle', [1, 2, 3]));
        self::assertSame(['middle', 1, []], $this->call($server, 'middle', ['a' => 1]));
        self::assertSame(['last', 1, null], $this->call($server, 'last', [1]));
        self::assertSame(['last', 1, 2], $this->call($server, 'last', [1, 2]));
        self::assertSame(['whole', [1, 2], [1, 2]], $this->call($server, 'whole', [1, 2]));
        self::assertSame([], $this->call($server, 'alone'));
        self::assertSame(['any', ['x' => 1]], $this->call($server, 'any', ['x' => 1]));
        self::assertSame(['any', []], $this->call($server, 'any', ['call' => 'forged']));
        self::assertStringContainsString('expected 0 parameters, got 1', $this->fault($server, 'alone', [1]));
        self::assertStringContainsString('expected 1 to 2 parameters, got 0', $this->fault($server, 'first', []));
        self::assertStringContainsString('expected 1 to 2 parameters, got 3', $this->fault($server, 'last', [1, 2, 3]));
    }

    public function testObjectsThatAHandlerWantsComeFromTheContainer(): void
    {
        $container = new Container([Greeting::class => fn () => new Greeter('Hello')]);
        $server = new Server([
            'greet' => fn (string $name, Greeting $greeting) => $greeting($name),
            'greet.all' => fn (Greeting $greeting, array $names) => array_map($greeting, $names),
            'greet.many' => fn (Greeting $greeting, string ...$names) => array_map($greeting, $names),
            'later' => fn (string $name = 'Ada', ?Machine $machine = null) => [$name, $machine],
        ], container: $container);
        $container->asked = [];
        self::assertSame('Hello, Ada', $this->call($server, 'greet', ['Ada']));
        self::assertSame('Hello, Ada', $this->call($server, 'greet', ['name' => 'Ada']));
        self::assertSame([Greeting::class => 2], $container->asked, 'at each call');
        self::assertSame(['Hello, Ada'], $this->call($server, 'greet.all', ['Ada']), 'a single array comes whole');
        self::assertSame(['Hello, Ada', 'Hello, Bob'], $this->call($server, 'greet.many', ['Ada', 'Bob']));
        self::assertSame(['Ada', null], $this->call($server, 'later'), 'what nobody has is its default');
        self::assertStringContainsString('expected 1 parameters, got 2', $this->fault($server, 'greet', ['Ada', []]));
        self::assertStringContainsString("one named 'greeting'", $this->fault($server, 'greet', ['greeting' => 1]));
        [['parameters' => $parameters]] = $this->call($server, 'zroute.list', ['greet']);
        self::assertSame(['name'], array_column($parameters, 'name'));
    }

    public function testAnObjectThatNobodyHasIsMissedAtOnce(): void
    {
        $handler = fn (string $name, Greeting $greeting) => $greeting($name);
        foreach ([null, new Container([])] as $container) {
            self::assertRefused(
                "the handler of 'greet' cannot be used: its parameter \$greeting: ",
                fn () => new Server(['greet' => $handler], container: $container)
            );
        }
    }

    public function testTheCallTellsWhoAndWhatAndHowLong(): void
    {
        $server = new Server(['f' => function (Call $call): array {
            return [$call->meta, $call->peer, $call->dialect, $call->msLeft(), $call->secondsLeft()];
        }]);
        [$meta, $peer, $dialect, $ms, $seconds] = $this->call($server, 'f', [], [
            'meta' => ['user' => 'ada', 'n' => 7],
            'deadline_ms' => 5000,
        ]);
        self::assertSame(['user' => 'ada', 'n' => 7], $meta);
        self::assertSame('plain', $dialect);
        self::assertGreaterThan(0, $ms);
        self::assertLessThanOrEqual(5000, $ms);
        self::assertEqualsWithDelta($ms / 1000, $seconds, 0.1);
        if (getenv('ZROUTE_TRANSPORT') !== 'libzmq') {
            self::assertMatchesRegularExpression('/^127\.0\.0\.1:\d+$/', $peer);
        }
        [$meta, , , $ms, $seconds] = $this->call($server, 'f');
        self::assertSame([[], null, null], [$meta, $ms, $seconds]);
    }

    public function testAHandlerThatIsReplacedByOneThatWantsTheCallGetsIt(): void
    {
        $server = new Server(['f' => fn (int $a) => $a]);
        self::assertSame(1, $this->call($server, 'f', [1]));
        $server->register('f', fn (Call $call, int $a) => [$call->function, $a]);
        self::assertSame(['f', 1], $this->call($server, 'f', [1]));
        $server->register('f', fn (int $a) => -$a);
        self::assertSame(-1, $this->call($server, 'f', [1]));
    }
}
