<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use Zroute\Client;
use Zroute\Exception\Timeout;
use Zroute\Tests\Process\ServerProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * Calls that the server takes together do not suffer from each other.
 */
final class BatchTest extends ProcessTestCase
{
    /** Calls may come too late for one turn; then it is tried again. */
    private const ATTEMPTS = 200;

    private ServerProcess $server;
    private Client $client;

    protected function setUp(): void
    {
        $this->server = $this->serve('turns');
        $this->client = $this->server->connectedClient();
    }

    /** @return iterable<array{int}> */
    public static function positions(): iterable
    {
        yield 'before any call was slow' => [0];
        yield 'after a slow call' => [1];
        yield 'after many quick calls' => [100];
    }

    /** @dataProvider positions */
    public function testASlowCallDoesNotHoldTheAnswersBeforeIt(int $before): void
    {
        for ($i = 0; $i < $before; $i++) {
            $this->client->call('quick');
        }
        for ($attempt = 0; $attempt < self::ATTEMPTS; $attempt++) {
            $gate = $this->client->async('gate');
            $quick = [$this->client->async('quick'), $this->client->async('quick'), $this->client->async('quick')];
            $slow = $this->client->async('slow', [1]);
            $this->server->awaitArrival();
            $this->server->process->write("go\n");
            // The slow call goes on until the next line, and these have come before.
            $turns = $this->client->await(...$quick);
            $this->server->process->write("go\n");
            $turns[] = $slow->await();
            self::assertSame('go', $gate->await());
            if (count(array_unique($turns)) === 1) {
                return;
            }
        }
        self::fail('the calls never came together');
    }

    public function testACallWhoseCallerHasGivenUpIsNotRun(): void
    {
        for ($attempt = 1; $attempt <= self::ATTEMPTS; $attempt++) {
            $gate = $this->client->async('gate');
            $slow = $this->client->async('slow', [25]);
            $late = $this->client->async('note', ["late $attempt"], 20);
            $kept = $this->client->async('note', ["kept $attempt"]);
            $this->server->awaitArrival();
            $this->server->process->write("go\ngo\n");
            $this->client->await($gate, $slow, $kept);
            $ran = $this->client->call('ran');
            self::assertContains("kept $attempt", $ran);
            if ($this->client->call('counters')['faults_deadline'] > 0) {
                self::assertNotContains("late $attempt", $ran);
                $this->expectException(Timeout::class);
                $late->await();
            }
        }
        self::fail('the calls never came together');
    }

    public function testAnAnswerThatCannotTravelFailsItsOwnCallOnly(): void
    {
        $client = $this->serve()->client();
        $functions = ['closure', 'plus', 'resource_deep', 'object', 'reserved', 'plus', 'holds_itself_twice', 'plus'];
        $calls = [];
        foreach ([...$functions, ...$functions, ...$functions] as $i => $function) {
            $calls[] = [$function, $i, $client->async($function, $function === 'plus' ? [$i, 0] : [])];
        }
        foreach ($calls as [$function, $i, $call]) {
            if ($function === 'plus') {
                self::assertSame($i, $call->await());
            } else {
                self::assertSame(-32603, $this->failure($call->await(...))->getCode());
            }
        }
    }

    public function testAHandlerMayServeOthersMeanwhile(): void
    {
        for ($attempt = 0; $attempt < self::ATTEMPTS; $attempt++) {
            $nested = $this->client->async('nested');
            $note = $this->client->async('note', ['x']);
            self::assertSame('x', $note->await());
            if ($nested->await() > 0) {
                return;
            }
        }
        self::fail('the call never came while the other was served');
    }
}
