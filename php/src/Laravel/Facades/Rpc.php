<?php

declare(strict_types=1);

namespace Zroute\Laravel\Facades;

use Illuminate\Support\Facades\Facade;
use Zroute\Laravel\Server\Procedures;
use Zroute\Laravel\Services;
use Zroute\Laravel\Testing\FakeServices;

/**
 * What routes/rpc.php says, and the fake of services in tests.
 *
 * @method static \Zroute\Laravel\Server\Procedure procedure(string $name, mixed $handler)
 * @method static \Zroute\Laravel\Server\Procedure service(string $name, string|object $service, ?array $only = null)
 * @method static \Zroute\Laravel\Server\Group prefix(string $prefix)
 * @method static \Zroute\Laravel\Server\Group middleware(mixed ...$middleware)
 */
final class Rpc extends Facade
{
    /**
     * Answers all calls of services from now on, and records them; nothing is connected.
     *
     * @param array<string, mixed> $answers by function, * for any characters, the first that matches counts: a value,
     *        a closure that gets a Zroute\Laravel\Testing\RecordedCall, or what is thrown; a Zroute\Fault comes as a
     *        RemoteError. A function that none matches is an error, but with no answers at all everything is null
     */
    public static function fake(array $answers = []): FakeServices
    {
        $application = self::getFacadeApplication();
        // The provider would bind the true ones again when it is loaded.
        $application->make(Services::class);
        $fake = new FakeServices($answers);
        $application->instance(Services::class, $fake);
        Zroute::clearResolvedInstance(Services::class);
        return $fake;
    }

    /**
     * A function was called; of that name, or * for any characters.
     *
     * @param (callable(\Zroute\Laravel\Testing\RecordedCall): bool)|null $that what holds for the call
     */
    public static function assertCalled(string $function, ?callable $that = null): void
    {
        self::faked()->assertCalled($function, $that);
    }

    /** @param (callable(\Zroute\Laravel\Testing\RecordedCall): bool)|null $that */
    public static function assertNotCalled(string $function, ?callable $that = null): void
    {
        self::faked()->assertNotCalled($function, $that);
    }

    public static function assertCalledTimes(string $function, int $times): void
    {
        self::faked()->assertCalledTimes($function, $times);
    }

    public static function assertNothingCalled(): void
    {
        self::faked()->assertNothingCalled();
    }

    protected static function getFacadeAccessor(): string
    {
        return Procedures::class;
    }

    private static function faked(): FakeServices
    {
        $services = self::getFacadeApplication()->make(Services::class);
        return $services instanceof FakeServices
            ? $services
            : throw new \LogicException('no services are faked: call Rpc::fake() first');
    }
}
