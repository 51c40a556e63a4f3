<?php

declare(strict_types=1);

namespace Zroute\Laravel;

/**
 * The services that the configuration names; the default one's methods besides.
 *
 * @mixin Service
 */
interface Services
{
    /**
     * @param string|null $name null takes the default
     * @throws \Zroute\Exception\InvalidOption when the configuration has no such service
     */
    public function service(?string $name = null): Service;

    /** @param array<mixed> $arguments */
    public function __call(string $method, array $arguments): mixed;
}
