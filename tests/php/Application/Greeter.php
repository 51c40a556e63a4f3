<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

/**
 * An invokable that only a container can make.
 */
final class Greeter implements Greeting
{
    public function __construct(private readonly string $greeting)
    {
    }

    public function __invoke(string $name): string
    {
        return "$this->greeting, $name";
    }
}
