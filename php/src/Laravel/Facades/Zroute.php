<?php

declare(strict_types=1);

namespace Zroute\Laravel\Facades;

use Illuminate\Support\Facades\Facade;
use Zroute\Laravel\Services;
use Zroute\PendingCall;

/**
 * Calls services: Zroute::call('plus', [1, 2]) the default one,
 * Zroute::service('shop')->call('price', ['tea']) another.
 *
 * @method static \Zroute\Laravel\Service service(?string $name = null)
 * @method static mixed call(string $function, $parameters = [], ?int $timeoutMs = null, bool $idempotent = false)
 * @method static PendingCall async(string $function, $parameters = [], ?int $timeoutMs = null, $idempotent = false)
 * @method static void notify(string $function, $parameters = [])
 * @method static array batch(array $calls, ?int $timeoutMs = null, bool $idempotent = false)
 * @method static \Zroute\Laravel\Service withMeta(array $meta)
 */
final class Zroute extends Facade
{
    protected static function getFacadeAccessor(): string
    {
        return Services::class;
    }
}
