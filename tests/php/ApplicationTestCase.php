<?php

declare(strict_types=1);

namespace Zroute\Tests;

use PHPUnit\Framework\TestCase;
use Zroute\Exception\InvalidOption;
use Zroute\Server;
use Zroute\Socket\Request;

/**
 * A test whose server runs in its own process, turn by turn.
 */
abstract class ApplicationTestCase extends TestCase
{
    private const PATIENCE_S = 60;

    /** @var array<int, Request> clients by the server's id */
    private array $clients = [];

    public static function setUpBeforeClass(): void
    {
        foreach (['Container/Container', 'Container/NotFoundException', 'Log/Logger'] as $psr) {
            require_once __DIR__ . "/servers/Psr/{$psr}Interface.php";
        }
    }

    protected function tearDown(): void
    {
        $this->clients = [];
    }

    /**
     * Calls a function as a client in any language would.
     *
     * @param array<string, mixed> $more of the request: meta, deadline_ms
     * @return mixed the answer, or the map of a fault
     */
    protected function call(Server $server, string $function, mixed $parameters = [], array $more = []): mixed
    {
        $client = $this->clients[spl_object_id($server)] ??= new Request(connect: $server->bind('tcp://127.0.0.1:0'));
        $client->sendValue(['function_name' => $function, 'parameters' => $parameters] + $more);
        $deadline = microtime(true) + self::PATIENCE_S;
        while (!$client->hasMessage()) {
            self::assertLessThan($deadline, microtime(true), "$function gave no answer");
            $server->step(10);
        }
        return $client->receiveValue();
    }

    /**
     * The fault that a call ends in.
     *
     * @param array<string, mixed> $more
     * @return string its code, name and message
     */
    protected function fault(Server $server, string $function, mixed $parameters = [], array $more = []): string
    {
        $answer = $this->call($server, $function, $parameters, $more);
        self::assertIsArray($answer);
        self::assertSame(['__error__'], array_keys($answer), 'expected a fault, got ' . json_encode($answer));
        return implode(' ', $answer['__error__']);
    }

    protected static function assertRefused(string $text, callable $register): void
    {
        try {
            $register();
        } catch (InvalidOption $e) {
            self::assertStringContainsString($text, $e->getMessage());
            return;
        }
        self::fail("it was taken, expected '$text'");
    }
}
