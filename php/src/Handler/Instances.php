<?php

declare(strict_types=1);

namespace Zroute\Handler;

use Psr\Container\ContainerInterface;
use Zroute\Exception\InvalidOption;

/**
 * The objects behind classes and ids: the container's, and where it has none,
 * one of each class that needs nothing to be made.
 *
 * The container is asked each time, so that its own rules say how long an
 * object lives.
 *
 * @internal
 */
final class Instances
{
    /** @var array<string, object> */
    private array $made = [];

    public function __construct(private readonly ?ContainerInterface $container)
    {
    }

    public function get(string $id): object
    {
        if (isset($this->made[$id])) {
            return $this->made[$id];
        }
        if ($this->container !== null) {
            try {
                return $this->container->get($id);
            } catch (\Throwable $e) {
                // Some make what they say they do not have; others fail in ways of their own.
                if ($this->container->has($id) || !self::needsNothing($id)) {
                    throw $e;
                }
            }
        }
        return $this->made[$id] = new $id();
    }

    /**
     * What is known of an object before it is there.
     *
     * @throws InvalidOption when there will be none, with the reason
     */
    public function classOf(string $id): \ReflectionClass
    {
        $exists = class_exists($id) || interface_exists($id);
        if ($exists && ($this->container?->has($id) || self::needsNothing($id))) {
            return new \ReflectionClass($id);
        }
        if ($this->container === null) {
            throw new InvalidOption(match (true) {
                !$exists => "there is no function or class $id, and no container that could know it",
                (new \ReflectionClass($id))->isInstantiable()
                    => "$id cannot be made without constructor parameters: give the server a container",
                default => "$id cannot be instantiated: give the server a container that knows what to take for it",
            });
        }
        // Some containers make what they say they do not have, so only trying tells.
        try {
            $object = $this->container->get($id);
        } catch (\Throwable $e) {
            $why = $exists ? '' : ', and there is no class of that name';
            throw new InvalidOption("the container cannot give $id$why: {$e->getMessage()}", 0, $e);
        }
        if (!is_object($object)) {
            throw new InvalidOption("the container gives no object for $id, but " . get_debug_type($object));
        }
        return new \ReflectionClass($exists ? $id : $object);
    }

    private static function needsNothing(string $id): bool
    {
        if (!class_exists($id)) {
            return false;
        }
        $class = new \ReflectionClass($id);
        return $class->isInstantiable() && !$class->getConstructor()?->getNumberOfRequiredParameters();
    }
}
