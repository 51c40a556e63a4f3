<?php

declare(strict_types=1);

namespace Zroute\Laravel;

use Illuminate\Contracts\Support\DeferrableProvider;
use Illuminate\Support\ServiceProvider;
use Zroute\Laravel\Server\Procedures;

/**
 * Found by package discovery. Pages that call no service do not load it.
 */
final class ZrouteServiceProvider extends ServiceProvider implements DeferrableProvider
{
    private const CONFIG = __DIR__ . '/../../laravel/config/zroute.php';

    public function register(): void
    {
        // artisan config:cache has merged them.
        if (!$this->app->configurationIsCached()) {
            $this->mergeConfigFrom(self::CONFIG, 'zroute');
            // A published file may leave out settings of the server too.
            $this->app->make('config')->set('zroute.server', array_replace(
                (require self::CONFIG)['server'],
                $this->app->make('config')->get('zroute.server', [])
            ));
        }
        $this->app->singleton(Services::class, static fn ($app) => new ConfiguredServices($app->make('config')));
        $this->app->bind(Service::class, static fn ($app) => $app->make(Services::class)->service());
        $this->app->singleton(Procedures::class, static fn ($app) => new Procedures($app));
    }

    public function boot(): void
    {
        if (!$this->app->runningInConsole()) {
            return;
        }
        $this->publishes([self::CONFIG => $this->app->configPath('zroute.php')], 'zroute-config');
        $this->commands([
            Console\ServeCommand::class,
            Console\CallCommand::class,
            Console\ListCommand::class,
            Console\ReloadCommand::class,
        ]);
    }

    /** @return list<string> */
    public function provides(): array
    {
        return [Services::class, Service::class, Procedures::class];
    }
}
