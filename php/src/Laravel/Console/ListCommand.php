<?php

declare(strict_types=1);

namespace Zroute\Laravel\Console;

use Illuminate\Console\Command;
use Zroute\Exception\ZrouteException;
use Zroute\Laravel\Server\Procedure;
use Zroute\Laravel\Server\Procedures;
use Zroute\Laravel\Services;
use Zroute\Service;

/**
 * @internal
 */
final class ListCommand extends Command
{
    protected $signature = 'zroute:list
        {service? : A service of config/zroute.php, which is asked for its functions}';

    protected $description = 'List the functions of routes/rpc.php, or those of a service';

    public function handle(): int
    {
        try {
            $service = $this->argument('service');
            $service === null ? $this->own() : $this->those($service);
        } catch (ZrouteException $e) {
            $this->error($e->getMessage());
            return 1;
        }
        return 0;
    }

    private function own(): void
    {
        $routes = $this->laravel->make('config')->get('zroute.server.routes');
        $rows = array_map(static fn (Procedure $procedure): array => [
            $procedure->name . ($procedure->handler instanceof Service ? '.*' : ''),
            self::named($procedure->handler),
            implode(', ', array_map(self::named(...), $procedure->around())),
        ], $this->laravel->make(Procedures::class)->load($routes)->all());
        $this->table(['Function', 'Handler', 'Middleware'], $rows);
    }

    private function those(string $service): void
    {
        $functions = $this->laravel->make(Services::class)->service($service)->call('zroute.list', idempotent: true);
        $rows = array_map(static fn (array $function): array => [
            $function['name'] ?? '',
            implode(', ', array_column($function['parameters'] ?? [], 'name')),
            $function['returns'] ?? '',
            strtok($function['doc'] ?? '', "\n") ?: '',
        ], $functions);
        $this->table(['Function', 'Parameters', 'Returns', ''], $rows);
    }

    private static function named(mixed $what): string
    {
        return match (true) {
            is_string($what) => $what,
            $what instanceof Service => self::named($what->service),
            is_array($what) => implode('@', array_map(self::named(...), $what)),
            default => get_debug_type($what),
        };
    }
}
