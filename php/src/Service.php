<?php

declare(strict_types=1);

namespace Zroute;

/**
 * A class or an object whose methods are functions: 'math' => Service::of(Calculator::class).
 *
 * Without `only` they are the public methods that the class itself or its traits
 * declare, but no static ones and none whose name begins with two underscores.
 * The class name or the object alone means the same.
 */
final class Service
{
    /** @param list<string>|null $only */
    private function __construct(
        public readonly string|object $service,
        public readonly ?array $only,
    ) {
    }

    /**
     * @param string|object $service a class, an id of the container, or an object
     * @param list<string>|null $only these methods, static and inherited ones too
     */
    public static function of(string|object $service, ?array $only = null): self
    {
        return new self($service, $only);
    }
}
