<?php

declare(strict_types=1);

namespace Zroute\Laravel\Console;

use Illuminate\Console\Command;
use Zroute\Exception\ZrouteException;
use Zroute\Laravel\Services;

/**
 * @internal
 */
final class CallCommand extends Command
{
    protected $signature = 'zroute:call
        {function : Its name}
        {parameters=[] : A list or a map, in JSON}
        {--service= : A service of config/zroute.php; without it the default one}
        {--timeout= : Milliseconds}
        {--idempotent : It may run twice without harm}';

    protected $description = 'Call a function of a service and print its answer as JSON';

    public function handle(Services $services): int
    {
        try {
            $parameters = json_decode($this->argument('parameters'), true, 512, JSON_THROW_ON_ERROR);
        } catch (\JsonException $e) {
            $this->error("The parameters are no JSON: {$e->getMessage()}");
            return 64;
        }
        $timeout = $this->option('timeout');
        if ($timeout !== null && !ctype_digit($timeout)) {
            $this->error("--timeout is expected to be milliseconds, such as 500, got '$timeout'.");
            return 64;
        }
        try {
            $answer = $services->service($this->option('service'))->call(
                $this->argument('function'),
                $parameters,
                $timeout === null ? null : (int) $timeout,
                (bool) $this->option('idempotent')
            );
        } catch (ZrouteException $e) {
            $this->error($e->getMessage());
            return 1;
        }
        $flags = JSON_PRETTY_PRINT | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE;
        $this->output->writeln((string) json_encode($answer, $flags), $this->output::OUTPUT_RAW);
        return 0;
    }
}
