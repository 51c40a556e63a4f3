<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\Process\ServerProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * The clients of the demos are served as they are.
 */
final class SeedTest extends ProcessTestCase
{
    private const NUMBERS = [1, 2, 2, 3, 3, 4, 2, 3, -1];

    public function testNeitherExtensionIsLoadedHereOrInTheServer(): void
    {
        self::assertFalse(extension_loaded('zmq'));
        self::assertFalse(extension_loaded('msgpack'));
        $client = $this->serve('describe')->client();
        self::assertSame(['zmq' => false, 'msgpack' => false], $client->call('extensions', ['zmq', 'msgpack']));
    }

    public function testTheSeedsRouteIsServed(): void
    {
        $client = $this->serve()->client();
        self::assertSame(19, $client->call('plus', self::NUMBERS));
        self::assertSame(0, $client->call('plus', []));
        self::assertSame(1.5, $client->call('plus', [1, 0.5]));
    }

    public function testThePythonClientOfDemo6GetsItsSum(): void
    {
        $server = $this->serve();
        $client = __DIR__ . '/../../../examples/demo6/client.py';
        self::assertSame("19\n", $this->own(ChildProcess::python($client, [$server->endpoint]))->readAll());
    }

    public function testThePhpClientOfDemo6GetsItsSum(): void
    {
        $server = $this->serve();
        $client = __DIR__ . '/../../../examples/demo6/client.php';
        self::assertSame("19\n", $this->own(ChildProcess::php($client, [$server->endpoint]))->readAll());
    }

    public function testARawHandlerEchoesAsInDemo1(): void
    {
        $python = $this->request($this->serve('raw', ['handler' => 'echo']));
        foreach (['hello there!', '', "\0\xff\xc1", str_repeat('x', 100_000)] as $body) {
            self::assertSame([$body], $python($body));
        }
    }

    public function testARawHandlerReversesAsInDemo5(): void
    {
        $python = $this->request($this->serve('raw', ['handler' => 'reverse']));
        self::assertSame(["\x92\xa5world\xa5hello"], $python("\x92\xa5hello\xa5world"));
    }

    public function testFunctionsAreServedBesideARawHandler(): void
    {
        $server = $this->serve('raw', ['handler' => 'echo']);
        $python = $this->request($server);
        self::assertSame(["\x03"], $python("\x82\xadfunction_name\xa4plus\xaaparameters\x92\x01\x02"));
        self::assertSame(['hello'], $python('hello'));
        self::assertSame(3, $server->client()->call('plus', [1, 2]));
    }

    public function testARawHandlerThatFailsAnswersItsCaller(): void
    {
        foreach (['throws' => 'no luck', 'number' => 'is expected to be a string, got int'] as $handler => $text) {
            $python = $this->request($this->serve('raw', ['handler' => $handler]));
            foreach (['first', 'second'] as $body) {
                [$answer] = $python($body);
                self::assertStringContainsString('__error__', $answer);
                self::assertStringContainsString($text, $answer);
            }
        }
    }

    public function testWithoutARawHandlerGarbageIsAnsweredWithAFault(): void
    {
        $python = $this->request($this->serve());
        foreach (['hello there!' => -32700, "\xc1" => -32700, "\x93\x01\x02\x03" => -32600] as $body => $code) {
            [$answer] = $python((string) $body);
            $fault = \Zroute\MessagePack::unpack($answer)['__error__'];
            self::assertSame($code, $fault['code']);
        }
    }

    /** @return \Closure(string): list<string> sends a body and returns the frames of the answer */
    private function request(ServerProcess $server): \Closure
    {
        $peer = $this->own(ChildProcess::python(__DIR__ . '/../peers/requester.py', [$server->endpoint]));
        return static function (string $body) use ($peer): array {
            $peer->write(bin2hex($body) . "\n");
            return array_map(hex2bin(...), explode(' ', $peer->readLine()));
        };
    }
}
