<?php

declare(strict_types=1);

namespace Psr\Container;

/**
 * PSR-11's interface, for this example to need no package.
 */
interface ContainerInterface
{
    public function get(string $id);

    public function has(string $id): bool;
}
