<?php

declare(strict_types=1);

namespace Zroute\Laravel\Console;

use Illuminate\Console\Command;
use Symfony\Component\Process\ExecutableFinder;
use Zroute\Exception\InvalidOption;
use Zroute\Laravel\Server\CommandLine;
use Zroute\Laravel\Server\PidFile;

/**
 * This process becomes `zroute serve`: signals, process id, output and exit code
 * are the server's own.
 *
 * @internal
 */
final class ServeCommand extends Command
{
    protected $signature = 'zroute:serve
        {--bind=* : Endpoint for callers, such as tcp://127.0.0.1:5555; may be repeated}
        {--workers= : Processes that run PHP}
        {--watch : Load the application anew when a file changes}
        {--pid-file= : Where zroute:reload looks}
        {--show : Print the command that would run, and end}
        {options?* : More options for zroute serve, behind two dashes}';

    protected $description = 'Serve the functions of routes/rpc.php';

    public function handle(): int
    {
        $settings = $this->laravel->make('config')->get('zroute.server');
        $program = $settings['command'];
        if (!str_contains($program, '/')) {
            $program = (new ExecutableFinder())->find($program);
        }
        if ($program === null || !is_executable($program)) {
            $this->error("There is no program {$settings['command']}: install zroute, or say where it is with "
                . 'zroute.server.command (ZROUTE_COMMAND).');
            return 1;
        }
        $arguments = $this->commandLine($settings);
        if ($this->option('show')) {
            $shown = array_map(escapeshellarg(...), [$program, ...$arguments]);
            $this->line('ZROUTE_LARAVEL=' . escapeshellarg($this->laravel->basePath()) . ' ' . implode(' ', $shown));
            return 0;
        }
        if (!function_exists('pcntl_exec')) {
            $this->error('zroute:serve needs the pcntl extension. What it would run is told by zroute:serve --show.');
            return 1;
        }
        $file = new PidFile($this->option('pid-file') ?? $settings['pid_file']);
        $running = $file->running();
        if ($running !== null) {
            $this->error("Process $running serves already; a second server wants a --pid-file of its own.");
            return 1;
        }
        // A reload that comes before the server listens to signals must not end it.
        pcntl_signal(SIGHUP, SIG_IGN);
        try {
            $file->write();
        } catch (InvalidOption $e) {
            $this->error($e->getMessage());
            return 1;
        }
        @pcntl_exec($program, $arguments, $this->environment());
        $this->error("$program cannot be run: " . pcntl_strerror(pcntl_get_last_error()));
        return 1;
    }

    /**
     * @param array<string, mixed> $settings
     * @return list<string>
     */
    private function commandLine(array $settings): array
    {
        $php = dirname(__DIR__, 3);
        $options = array_filter([
            'bind' => $this->option('bind'),
            'workers' => $this->option('workers'),
        ]) + $settings['options'] + ['bind' => $settings['bind'], 'php' => PHP_BINARY, 'php-dir' => $php];
        $arguments = ['serve', "$php/laravel/routes.php", ...CommandLine::of($options), ...$this->argument('options')];
        if ($this->option('watch')) {
            $folders = array_map($this->laravel->basePath(...), ['app', 'config', 'routes']);
            array_push($arguments, '--watch', ...array_filter($folders, is_dir(...)));
        }
        return $arguments;
    }

    /**
     * What this process was started with. It has the values of .env in its own by now; a worker that is started by a
     * reload reads them itself, as they are then.
     *
     * @return array<string, string>
     */
    private function environment(): array
    {
        $environment = ['ZROUTE_LARAVEL' => $this->laravel->basePath()];
        if (is_string($this->option('env'))) {
            $environment['APP_ENV'] = $this->option('env');
        }
        foreach (explode("\0", (string) file_get_contents('/proc/self/environ')) as $variable) {
            [$name, $value] = explode('=', $variable, 2) + [1 => null];
            if ($value !== null) {
                $environment += [$name => $value];
            }
        }
        return $environment;
    }
}
