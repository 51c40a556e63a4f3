<?php

declare(strict_types=1);

namespace Zroute\Laravel\Server;

use Illuminate\Contracts\Console\Kernel;
use Illuminate\Contracts\Foundation\Application as Laravel;
use Zroute\Server;

/**
 * A Laravel application in a worker of `zroute serve`.
 *
 * @internal
 */
final class Application
{
    private function __construct(private readonly Laravel $laravel)
    {
    }

    /** @param Laravel $laravel what bootstrap/app.php returns */
    public static function boot(Laravel $laravel): self
    {
        $laravel->make(Kernel::class)->bootstrap();
        return new self($laravel);
    }

    /** Gives a server the functions of routes/rpc.php, as the configuration names it. */
    public function register(Server $server): void
    {
        $settings = $this->laravel->make('config')->get('zroute.server');
        if ($settings['log'] !== false) {
            $server->middleware('*', new CallLog($this->laravel, $settings['log']));
        }
        $server->middleware('*', new FreshState($this->laravel));
        $server->middleware('*', new ReportedFailures($this->laravel));
        $this->laravel->make(Procedures::class)->load($settings['routes'])->register($server);
    }
}
