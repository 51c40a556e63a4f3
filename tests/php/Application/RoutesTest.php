<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

use Zroute\Middleware\Timing;
use Zroute\Routes;
use Zroute\Server;
use Zroute\Tests\ApplicationTestCase;
use Zroute\Tests\Process\TemporaryFolder;

/**
 * What a routes file returns is served, and what is wrong with it is said.
 */
final class RoutesTest extends ApplicationTestCase
{
    private TemporaryFolder $folder;

    protected function setUp(): void
    {
        $this->folder = new TemporaryFolder();
    }

    /** @return iterable<string, array{string}> */
    public static function files(): iterable
    {
        $handlers = "['plus' => fn (array \$data) => array_sum(\$data)]";
        yield 'an array' => ["return $handlers;"];
        yield 'routes' => ["return Zroute\\Routes::of($handlers);"];
        yield 'a closure' => [
            "return function (Zroute\\Server \$server): void { \$server->register('plus', 'Zroute_sum'); };"
            . 'function Zroute_sum(array $data) { return array_sum($data); }',
        ];
        yield "the seed's, which returns nothing" => ["\$route = $handlers;"];
    }

    /** @dataProvider files */
    public function testEveryShapeIsServed(string $code): void
    {
        Routes::fromFile($this->file($code))->register($server = new Server());
        self::assertSame(['plus'], $server->functions());
        self::assertSame(6, $this->call($server, 'plus', [1, 2, 3]));
    }

    public function testRoutesHaveAContainerAndMiddleware(): void
    {
        $container = new Container([
            Greeter::class => fn () => new Greeter('Hello'),
            Timing::class => fn () => $timing ??= new Timing(),
        ]);
        $timing = new Timing();
        $routes = Routes::of(['greet' => Greeter::class, 'math' => Calculator::class])
            ->container($container)
            ->middleware('math.*', $timing)
            ->middleware('*', Timing::class);
        $routes->register($server = new Server(['greet' => fn () => 'replaced']));
        self::assertSame('Hello, Ada', $this->call($server, 'greet', ['Ada']));
        self::assertSame(3, $this->call($server, 'math.add', [1, 2]));
        self::assertSame(['math.add'], array_keys($timing->times()));
        self::assertSame(1, $container->asked[Timing::class]);

        $routes->register($other = new Server());
        self::assertSame('Hello, Bob', $this->call($other, 'greet', ['Bob']), 'they serve a second server');
    }

    /** @return iterable<string, array{string, string}> */
    public static function wrong(): iterable
    {
        yield 'nothing' => ['$x = 1;', 'a closure that takes the server; it returns nothing'];
        yield 'a text' => ["return 'text';", 'got string'];
        yield 'throws' => ['throw new DomainException("no luck");', 'failed: DomainException: no luck in '];
        yield 'a closure that throws' => [
            'return function (Zroute\\Server $server): void { throw new RuntimeException("no database"); };',
            'failed: RuntimeException: no database in ',
        ];
        yield 'no PHP' => ['return [;', 'failed: ParseError: '];
        yield 'a list' => ["return ['strlen'];", "expected functions' names as keys, got 0"];
        yield 'no class' => ["return ['math' => 'Calc'];", "handler of 'math' cannot be used: there is no function"];
        yield 'no method' => ["return ['f' => 'ArrayObject@nope'];", 'ArrayObject has no method nope()'];
        yield 'a middleware of nothing' => [
            "return Zroute\\Routes::of(['math' => 'abs'])->middleware('meth.*', Zroute\\Middleware\\Timing::class);",
            "no function matches 'meth.*' of a middleware",
        ];
        yield 'no middleware' => [
            "return Zroute\\Routes::of(['math' => 'abs'])->middleware('*', 'Nope');",
            'there is no function or class Nope',
        ];
    }

    /** @dataProvider wrong */
    public function testWhatIsWrongIsToldWithTheFile(string $code, string $text): void
    {
        $file = $this->file($code);
        $load = fn () => Routes::fromFile($file)->register(new Server());
        self::assertRefused($text, $load);
        self::assertRefused($file, $load);
    }

    public function testAFileThatIsNotThereIsNamed(): void
    {
        self::assertRefused('the routes file /nowhere.php cannot be read', fn () => Routes::fromFile('/nowhere.php'));
        $folder = $this->folder->path;
        self::assertRefused("the routes file $folder cannot be read", fn () => Routes::fromFile($folder));
    }

    private function file(string $code): string
    {
        file_put_contents("{$this->folder->path}/routes.php", "<?php\n$code\n");
        return (string) realpath("{$this->folder->path}/routes.php");
    }
}
