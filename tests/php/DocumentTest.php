<?php

declare(strict_types=1);

namespace Zroute\Tests;

use Zroute\Client;
use Zroute\Exception\InvalidOption;
use Zroute\Server;
use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\Process\ServerProcess;
use Zroute\Tests\Process\TemporaryFolder;

/**
 * docs/php.md tells the truth: its examples run and print what it says.
 */
final class DocumentTest extends ProcessTestCase
{
    private const FOLDER = __DIR__ . '/../../docs';
    private const INSTALLED = '/usr/local/share/zroute/php/autoload.php';
    private const ENDPOINT = 'tcp://127.0.0.1:5555';
    /** The other endpoint of an example with two: nothing listens there. */
    private const NOBODY = 'tcp://127.0.0.1:5556';

    private TemporaryFolder $folder;

    protected function setUp(): void
    {
        $this->folder = new TemporaryFolder();
    }

    public function testTheFirstClientGetsItsSum(): void
    {
        $this->assertPrints('client.php', $this->startServer('server.php'));
    }

    public function testTheShopSellsAndRefuses(): void
    {
        $this->assertPrints('shop-client.php', $this->startServer('shop-server.php'));
    }

    public function testAHandlerKnowsItsCall(): void
    {
        $this->assertPrints('call-client.php', $this->startServer('call-server.php'));
    }

    public function testMiddlewareSurroundsTheHandlers(): void
    {
        $this->assertPrints('middleware-client.php', $this->startServer('middleware-server.php'));
    }

    public function testManyCallsRunAtOnce(): void
    {
        $this->assertPrints('async.php', $this->startServer('server.php'));
    }

    public function testABatchAndANotificationRun(): void
    {
        $this->assertPrints('batch.php', $this->startServer('server.php'));
    }

    public function testEachOutcomeOfManyCallsIsThere(): void
    {
        $this->assertPrints('outcomes.php', $this->startServer('server.php'));
    }

    public function testAZerorpcServerIsCalledAndItsStreamLeft(): void
    {
        $this->assertPrints('zerorpc.php', $this->serve('zerorpc'));
    }

    public function testOneOfSeveralServersIsEnough(): void
    {
        $this->assertPrints('several.php', $this->startServer('server.php'));
    }

    public function testThePageWithASharedClientShowsItsSum(): void
    {
        $page = $this->script('shared.php', $this->startServer('server.php'));
        self::assertStringEndsWith("6\n", $this->own(ChildProcess::php($page))->readAll());
    }

    public function testValuesArePackedAsShown(): void
    {
        $this->assertPrints('messagepack.php', null);
    }

    public function testThePageShowsItsSum(): void
    {
        $page = $this->script('page.php', $this->startServer('server.php'));
        self::assertStringEndsWith("6\n", $this->own(ChildProcess::php($page))->readAll());
    }

    public function testTheSeedsClientsAreServed(): void
    {
        $server = $this->startServer('seed-server.php');
        $client = __DIR__ . '/../../examples/demo6/client.py';
        self::assertSame("19\n", $this->own(ChildProcess::python($client, [$server->endpoint]))->readAll());
    }

    public function testTheRawServerReverses(): void
    {
        $server = $this->startServer('raw-server.php');
        $peer = $this->own(ChildProcess::python(__DIR__ . '/peers/requester.py', [$server->endpoint]));
        $peer->write("93010203\n");
        self::assertSame('93030201', $peer->readLine());
    }

    public function testTheReplyReverses(): void
    {
        $this->assertPrints('request.php', $this->startServer('reply.php'));
    }

    public function testTheSubscriberGetsSport(): void
    {
        $this->assertPrints('subscriber.php', $this->startServer('publisher.php'));
    }

    public function testThePollSeesBoth(): void
    {
        $this->assertPrints('poll.php', null);
    }

    public function testTheMonitorTellsOfBeginningAndEnd(): void
    {
        $this->assertPrints('monitor.php', null);
    }

    public function testTheShortExamplesRunOneAfterTheOther(): void
    {
        $short = array_filter(self::blocks('php'), static fn (string $code): bool => !str_starts_with($code, '<?php'));
        self::assertCount(3, $short);
        $script = "<?php\nrequire '" . __DIR__ . "/autoload.php';\n"
            . "require '" . __DIR__ . "/servers/Psr/Log/LoggerInterface.php';\n"
            . '$route = ["plus" => fn (array $data) => array_sum($data)];' . "\n"
            . '$logger = new Zroute\Tests\servers\RecordingLogger();' . "\n"
            . implode("\n", $short)
            . '$call = $client->async("plus", [1, 2]);
            while (!$call->isDone()) {
                $server->step(100);
            }
            echo $call->await();';
        file_put_contents("{$this->folder->path}/short.php", $script);
        $process = $this->own(ChildProcess::php("{$this->folder->path}/short.php"));
        self::assertSame('3', $process->readAll(), $process->errors());
    }

    public function testTheSettingsForWebPagesAreThoseOfTheTest(): void
    {
        [$ini] = self::blocks('ini');
        self::assertSame([
            'extension' => 'ffi',
            'zend_extension' => 'opcache',
            'ffi.preload' => '/usr/local/share/zroute/zroute-php.h',
            'opcache.preload' => '/usr/local/share/zroute/php/preload.php',
            'opcache.preload_user' => 'www-data',
        ], parse_ini_string($ini));
    }

    public function testTheOptionsAreThoseOfTheLibrary(): void
    {
        $mine = self::options('php.md');
        $its = self::options('c.md');
        self::assertSame('true', $mine['error_details'][1] ?? null);
        foreach (['server' => Server::class, 'client' => Client::class] as $who => $class) {
            $documented = array_filter($mine, static fn (array $row): bool => in_array($row[0], [$who, 'both'], true));
            ksort($documented);
            try {
                new $class([], ['nope' => 1]);
                self::fail('it was taken');
            } catch (InvalidOption $e) {
                preg_match("/; a $who has (.+)$/", $e->getMessage(), $match);
                $names = explode(', ', $match[1] ?? '');
                sort($names);
                self::assertSame(array_keys($documented), $names);
            }
        }
        unset($mine['error_details'], $its['values']);
        ksort($mine);
        ksort($its);
        self::assertSame($its, $mine, 'of whom, default, range and unit');
    }

    public function testEveryExceptionIsListed(): void
    {
        $page = (string) file_get_contents(self::FOLDER . '/php.md');
        foreach (glob(__DIR__ . '/../../php/src/Exception/*.php') ?: [] as $file) {
            $name = basename($file, '.php');
            self::assertMatchesRegularExpression("/`(Zroute\\\\Exception\\\\)?$name`/", $page);
        }
    }

    private function startServer(string $name): ServerProcess
    {
        return new ServerProcess($this->own(ChildProcess::php($this->script($name, null))));
    }

    /** Runs an example and compares with the output that stands behind it. */
    private function assertPrints(string $name, ?ServerProcess $server): void
    {
        $process = $this->own(ChildProcess::php($this->script($name, $server)));
        $page = (string) file_get_contents(self::FOLDER . '/php.md');
        $quoted = preg_quote("<?php // $name\n", '~');
        self::assertSame(1, preg_match("~^```php\n{$quoted}.*?^```\n\n```text\n(.*?)^```$~ms", $page, $match), $name);
        self::assertSame($match[1], $process->readAll(), $process->errors());
        self::assertSame('', $process->errors());
    }

    /** The path of an example that uses what is built here, and a port that is free. */
    private function script(string $name, ?ServerProcess $server): string
    {
        foreach (self::blocks('php') as $code) {
            if (str_starts_with($code, "<?php // $name\n")) {
                $code = strtr($code, [
                    self::INSTALLED => dirname(__DIR__, 2) . '/php/autoload.php',
                    "\$server->bind('" . self::ENDPOINT . "');" => "echo \$server->bind('tcp://127.0.0.1:0'), \"\\n\";",
                    '($server = new Zroute\Server($route))->bind("' . self::ENDPOINT . '");'
                        => 'echo ($server = new Zroute\Server($route))->bind("tcp://127.0.0.1:0"), "\n";',
                    "\$reply = new Reply(bind: '" . self::ENDPOINT . "');"
                        => "\$reply = new Reply(bind: 'tcp://127.0.0.1:*');\necho \$reply->endpoint(), \"\\n\";",
                    "\$publisher = new Publisher(bind: '" . self::ENDPOINT . "');"
                        => "\$publisher = new Publisher(bind: 'tcp://127.0.0.1:*');\n"
                            . "echo \$publisher->endpoint(), \"\\n\";",
                    self::ENDPOINT => $server->endpoint ?? self::ENDPOINT,
                    self::NOBODY => 'tcp://127.0.0.1:1',
                ]);
                file_put_contents("{$this->folder->path}/$name", $code);
                return "{$this->folder->path}/$name";
            }
        }
        self::fail("docs/php.md has no $name");
    }

    /** @return list<string> the code blocks of a language */
    private static function blocks(string $language): array
    {
        $page = (string) file_get_contents(self::FOLDER . '/php.md');
        preg_match_all("~^ *```$language\n(.*?)^ *```$~ms", $page, $match);
        return $match[1];
    }

    /** @return array<string, list<string>> of whom, default, and range and unit, by name */
    private static function options(string $page): array
    {
        $options = [];
        foreach (file(self::FOLDER . "/$page") ?: [] as $line) {
            if (preg_match('/^\| `(\w+)` \| (both|server|client) \| (.+?) \| (.+?) \|/', $line, $match) === 1) {
                $options[$match[1]] = [$match[2], $match[3], $match[4]];
            }
        }
        return $options;
    }
}
