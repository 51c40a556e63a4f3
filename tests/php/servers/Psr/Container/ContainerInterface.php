<?php

declare(strict_types=1);

namespace Psr\Container;

/**
 * PSR-11's interface, where the package psr/container is not installed.
 */
interface ContainerInterface
{
    public function get(string $id);

    public function has(string $id): bool;
}
