<?php

declare(strict_types=1);

namespace Zroute\Laravel\Console;

use Illuminate\Console\Command;
use Zroute\Laravel\Server\PidFile;

/**
 * @internal
 */
final class ReloadCommand extends Command
{
    protected $signature = 'zroute:reload
        {--pid-file= : That of zroute:serve, if it was given one}';

    protected $description = 'Have the server load the application anew, without losing a call';

    public function handle(): int
    {
        $path = $this->option('pid-file') ?? $this->laravel->make('config')->get('zroute.server.pid_file');
        $process = (new PidFile($path))->running();
        if ($process === null) {
            $this->error("No server that artisan zroute:serve has started runs on this machine, says $path.");
            return 1;
        }
        if (!posix_kill($process, SIGHUP)) {
            $this->error("Process $process cannot be told: " . posix_strerror(posix_get_last_error()));
            return 1;
        }
        $this->info("Process $process loads the application anew; its log says how that ends.");
        return 0;
    }
}
