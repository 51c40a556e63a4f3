<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use Zroute\Tests\ProcessTestCase;

/**
 * Failures that nobody meant are logged, where the program wants it.
 */
final class LoggingTest extends ProcessTestCase
{
    public function testWithoutALoggerFailuresGoToErrorLog(): void
    {
        $server = $this->serve();
        $this->failure(fn () => $server->client()->call('throws'));
        $this->failure(fn () => $server->client()->call('closure_deep'));
        $this->failure(fn () => $server->client()->call('throws_own_class'));
        $log = $server->process->errors();
        self::assertMatchesRegularExpression(
            '~^zroute: throws failed: DomainException: no luck  today in .+/functions\.php:\d+$~m',
            $log
        );
        self::assertMatchesRegularExpression(
            '~^zroute: an answer cannot be sent: Zroute\\\\Exception\\\\InvalidValue: .+ class Closure~m',
            $log
        );
        self::assertMatchesRegularExpression('~^zroute: throws_own_class failed: .+: anonymous in .+:\d+$~m', $log);
    }

    public function testWhatConcernsTheCallerAloneIsNotLogged(): void
    {
        $server = $this->serve();
        $this->failure(fn () => $server->client()->call('throws_fault', ['code' => 7, 'name' => null]));
        $this->failure(fn () => $server->client()->call('one_int', ['text']));
        $this->failure(fn () => $server->client()->call('nobody'));
        self::assertSame('', $server->process->errors());
    }

    public function testAPsr3LoggerGetsFailuresWithTheException(): void
    {
        $server = $this->serve('logged');
        $client = $server->client();
        foreach (['throws', 'closure_deep', 'meant'] as $function) {
            $this->failure(fn () => $client->call($function));
        }
        $this->failure(fn () => $client->call('one_int', ['text']));
        [$thrown, $closure] = $client->call('records');
        self::assertCount(2, $client->call('records'));
        self::assertSame(['error', 'zroute: throws failed', 'no luck'], $thrown);
        self::assertSame(['error', 'zroute: an answer cannot be sent'], array_slice($closure, 0, 2));
        self::assertSame('', $server->process->errors(), 'nothing is logged twice');
    }
}
