<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

/**
 * An interface under which a container has something.
 */
interface Greeting
{
    public function __invoke(string $name): string;
}
