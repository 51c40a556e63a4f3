<?php

declare(strict_types=1);

namespace App\Providers;

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
    }

    public function boot(): void
    {
        $this->app->make('auth')->extend(
            'caller',
            static fn ($app) => new RequestGuard(static fn () => null, $app->make('request'))
        );
    }
}
