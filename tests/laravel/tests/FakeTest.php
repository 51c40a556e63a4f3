<?php

declare(strict_types=1);

namespace App\Tests;

use Illuminate\Contracts\Console\Kernel;
use Illuminate\Foundation\Testing\TestCase;
use PHPUnit\Framework\AssertionFailedError;
use Zroute\Exception\RemoteError;
use Zroute\Fault;
use Zroute\Laravel\Facades\Rpc;
use Zroute\Laravel\Facades\Zroute;
use Zroute\Laravel\Service;
use Zroute\Laravel\Testing\RecordedCall;

/**
 * An application tests what it calls without a server, and without the library.
 */
final class FakeTest extends TestCase
{
    public function createApplication()
    {
        $app = require __DIR__ . '/../bootstrap/app.php';
        $app->make(Kernel::class)->bootstrap();
        return $app;
    }

    public function testAPageIsAnsweredByTheFake(): void
    {
        Rpc::fake(['plus' => fn (RecordedCall $call) => array_sum($call->parameters), 'admin.*' => 'raised']);
        $this->get('/')->assertOk()->assertExactJson([6, 'raised']);
        Rpc::assertCalled('plus', fn (RecordedCall $call) => $call->parameters === [1, 2, 3]);
        Rpc::assertCalled('admin.*', fn (RecordedCall $call) => $call->service === 'guarded');
        Rpc::assertNotCalled('plus', fn (RecordedCall $call) => $call->parameters === []);
        Rpc::assertCalledTimes('*', 2);
    }

    public function testWhatDoesNotHoldFailsTheTest(): void
    {
        $fake = Rpc::fake();
        Rpc::assertNothingCalled();
        self::assertNull(Zroute::withMeta(['user' => 7])->call('plus', [1]));
        self::assertSame(['user' => 7], $fake->calls()[0]->meta);
        foreach (
            [
                fn () => Rpc::assertNothingCalled(),
                fn () => Rpc::assertNotCalled('p*'),
                fn () => Rpc::assertCalled('minus'),
                fn () => Rpc::assertCalledTimes('plus', 2),
            ] as $assertion
        ) {
            try {
                $assertion();
            } catch (AssertionFailedError $e) {
                self::assertStringContainsString('got: plus[1]', $e->getMessage());
                continue;
            }
            self::fail('it holds');
        }
    }

    public function testAFaultComesAsFromAServer(): void
    {
        Rpc::fake(['price' => new Fault(1, 'we have no coffee', 'NotSold'), 'ping' => null]);
        $service = $this->app->make(Service::class);
        $service->notify('price', ['coffee']);
        foreach (
            [
                fn () => $service->call('price', ['coffee']),
                fn () => $service->async('price', ['coffee'])->await(),
                fn () => $service->batch([['ping'], ['price', ['coffee']]]),
            ] as $call
        ) {
            try {
                $call();
            } catch (RemoteError $e) {
                self::assertSame([1, 'NotSold', 'price'], [$e->getCode(), $e->name, $e->function]);
                continue;
            }
            self::fail('it was sold');
        }
        Rpc::assertCalledTimes('price', 4);
        self::assertTrue($service->async('ping')->isDone());
    }

    public function testWhatHasNoAnswerIsAnError(): void
    {
        Rpc::fake(['plus' => 6]);
        $this->expectException(\LogicException::class);
        $this->expectExceptionMessage('Rpc::fake() has no answer for minus; it has: plus');
        Zroute::call('minus');
    }

    public function testNothingIsFakedUnlessItIsSaid(): void
    {
        $this->expectExceptionMessage('call Rpc::fake() first');
        Rpc::assertNothingCalled();
    }
}
