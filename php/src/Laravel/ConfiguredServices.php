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
        if (!is_array($service) || !isset($service['endpoints'])) {
            throw new InvalidOption("config/zroute.php gives the service '$name' no endpoints: expected "
                . "['endpoints' => 'tcp://127.0.0.1:5555'], or several, or consul:///$name. What comes from the "
                . 'environment is missing when that was not set, or when the configuration was cached without it');
        }
        return new ConnectedService(
            (array) $service['endpoints'],
            array_filter($service['options'] ?? [], static fn (mixed $value): bool => $value !== null),
            $service['meta'] ?? [],
        );
    }

    public function __call(string $method, array $arguments): mixed
    {
        return $this->service()->$method(...$arguments);
    }
}
