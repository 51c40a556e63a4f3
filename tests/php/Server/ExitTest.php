<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use Zroute\Tests\Process\RawCaller;
use Zroute\Tests\ProcessTestCase;

/**
 * A handler that ends the process leaves nobody without an answer.
 */
final class ExitTest extends ProcessTestCase
{
    /** @return iterable<string, array{string, mixed, int}> */
    public static function ends(): iterable
    {
        yield 'exit(0)' => ['exit', [0], 0];
        yield 'exit(7)' => ['exit', [7], 7];
        yield 'exit with a text' => ['exit', ['good bye'], 0];
        yield 'out of memory at once' => ['out_of_memory', [], 255];
        yield 'out of memory by and by' => ['out_of_memory_by_and_by', [], 255];
        yield 'endless recursion' => ['recurses', [], 255];
        yield 'a fatal error' => ['fatal', [], 255];
    }

    /** @dataProvider ends */
    public function testEveryCallerIsTold(string $function, mixed $parameters, int $exitCode): void
    {
        $server = $this->serve('running', [], ['memory_limit' => '32M', 'error_log' => '/dev/null']);
        $client = new RawCaller($server->endpoint);
        $gate = $client->begin('gate');
        $before = $client->begin('plus', [1, 2]);
        $end = $client->begin($function, $parameters);
        $behind = [];
        for ($i = 0; $i < 100; $i++) {
            $behind[] = $client->begin('plus', [$i]);
        }
        $server->awaitArrival();
        $server->process->write("go\n");

        self::assertSame(['go', 3], [$client->await($gate), $client->await($before)]);
        ['code' => $code, 'message' => $message] = $client->failure($end);
        self::assertSame(-32603, $code);
        // An error that PHP remembers is told too.
        $expected = 'the handler ended the process' . ($exitCode === 255 ? ': ' : '');
        self::assertSame($expected, substr($message, 0, strlen($expected)));
        foreach ($behind as $call) {
            self::assertSame(-32005, $client->failure($call)['code']);
        }
        self::assertSame($exitCode, $server->process->wait());
    }

    public function testAHandlerThatWaitsForOneThatEndsTheProcessHasBegun(): void
    {
        $server = $this->serve('running');
        $client = $server->connectedClient();
        $serves = $client->async('serves');
        self::assertSame('serving', $server->process->readLine());
        $exit = $client->async('exit', [0]);
        self::assertSame(-32603, $this->failure($exit->await(...))->getCode());
        self::assertSame(-32603, $this->failure($serves->await(...))->getCode());
    }
}
