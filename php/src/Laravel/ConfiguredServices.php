<?php

declare(strict_types=1);

namespace Zroute\Laravel;

use Illuminate\Contracts\Config\Repository;
use Zroute\Exception\InvalidOption;

/**
 * Nothing is connected before the first call.
 *
 * @internal
 */
final class ConfiguredServices implements Services
{
    public function __construct(private readonly Repository $config)
    {
    }

    public function service(?string $name = null): Service
    {
        $name ??= $this->config->get('zroute.default');
        $services = $this->config->get('zroute.services');
        // Not by its path: a name may have dots.
        $service = $services[$name] ?? null;
        if ($service === null) {
            $known = implode(', ', array_keys((array) $services)) ?: 'none';
            throw new InvalidOption("config/zroute.php has no service '$name'; there are: $known. The one that is "
                . "called when none is named is its 'default'");
        }
        // Lists from the environment: a variable that is set to nothing, a blank behind a comma.
        $endpoints = is_array($service) ? array_map('strval', (array) ($service['endpoints'] ?? [])) : [];
        $endpoints = array_values(array_filter(array_map('trim', $endpoints), static fn ($it) => $it !== ''));
        if ($endpoints === []) {
            throw new InvalidOption("config/zroute.php gives the service '$name' no endpoints: expected "
                . "['endpoints' => 'tcp://127.0.0.1:5555'], or several, or consul:///$name. What comes from the "
                . 'environment is missing when that is empty or not set, or was so when the configuration was cached');
        }
        return new ConnectedService(
            $endpoints,
            array_filter($service['options'] ?? [], static fn (mixed $value): bool => $value !== null),
            $service['meta'] ?? [],
        );
    }

    public function __call(string $method, array $arguments): mixed
    {
        return $this->service()->$method(...$arguments);
    }
}
