<?php

declare(strict_types=1);

namespace App\Providers;

use App\Rpc\Arithmetic;
use App\Rpc\Prices;
use App\Rpc\Visits;
use Illuminate\Auth\RequestGuard;
use Illuminate\Support\ServiceProvider;

final class AppServiceProvider extends ServiceProvider
{
    public function register(): void
    {
        $this->app->singleton(Prices::class, static fn () => new Prices(['tea' => 350, 'cake' => 420]));
        $this->app->scoped(Visits::class);
        $this->app->bind(Arithmetic::class, static fn () => new class implements Arithmetic {
            public function sum(array $numbers): int
            {
                return array_sum($numbers);
            }
        });
    }

    public function boot(): void
    {
        $this->app->make('auth')->extend(
            'caller',
            static fn ($app) => new RequestGuard(static fn () => null, $app->make('request'))
        );
    }
}
