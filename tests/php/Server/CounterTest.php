<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use Zroute\Client;
use Zroute\Server;
use Zroute\Tests\ProcessTestCase;

/**
 * Both sides count what happened.
 */
final class CounterTest extends ProcessTestCase
{
    public function testBothSidesCountTheSame(): void
    {
        $server = $this->serve();
        $client = $server->client();
        for ($i = 0; $i < 3; $i++) {
            $client->call('plus', [$i]);
        }
        $this->failure(fn () => $client->call('nobody'));
        $this->failure(fn () => $client->call('throws'));
        $this->failure(fn () => $client->call('one_int', ['text']));
        $this->failure(fn () => $client->call('throws_fault', ['code' => 5, 'name' => null]));

        $mine = $client->counters();
        $its = $client->call('counters');
        self::assertSame([
            'calls' => 7, 'answers' => 3, 'faults' => 4, 'timeouts' => 0, 'unknown' => 0, 'not_connected' => 0,
            'invalid' => 0, 'retries' => 0, 'unmatched' => 0, 'in_flight' => 0,
        ], array_slice($mine, 0, 10));
        self::assertSame([
            'requests' => 8, 'calls' => 7, 'answers' => 3, 'refused' => 1, 'undeliverable' => 0, 'open' => 1,
        ], array_slice($its, 0, 6));
        $faults = array_filter($its, fn (string $name) => str_starts_with($name, 'faults_'), ARRAY_FILTER_USE_KEY);
        self::assertSame([
            'faults_unknown_function' => 1, 'faults_parameters' => 1, 'faults_handler' => 1, 'faults_application' => 1,
        ], array_filter($faults));
        self::assertSame($mine['bytes_received'], $its['bytes_sent']);
        self::assertGreaterThan($mine['bytes_sent'], $its['bytes_received'], 'it has one request more');
    }

    public function testStepServesWhatIsHereAndTellsHowMuch(): void
    {
        $server = new Server(['plus' => fn (array $data) => array_sum($data)]);
        $client = new Client($server->bind('tcp://127.0.0.1:0'));
        self::assertSame(0, $server->step(0));
        self::assertSame(0, $server->step(1));
        $call = $client->async('plus', [1, 2, 3]);
        $served = 0;
        for ($tries = 0; !$call->isDone() && $tries < 1000; $tries++) {
            $served += $server->step(10);
        }
        self::assertSame(1, $served);
        self::assertSame(6, $call->await());
    }
}
