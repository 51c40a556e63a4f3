<?php

declare(strict_types=1);

namespace Zroute\Handler;

use Zroute\Exception\InvalidOption;
use Zroute\Service;

/**
 * Finds what is meant by a handler as applications write it.
 *
 * Classes and methods are looked for at once; the objects are not made before
 * their first call.
 *
 * @internal
 */
final class Resolver
{
    public function __construct(private readonly Instances $instances)
    {
    }

    /**
     * @return array<string, Target> by function name: one, or those of a service
     * @throws InvalidOption when nothing can be called, with the reason
     */
    public function resolve(string $name, mixed $handler): array
    {
        if ($handler instanceof Service) {
            return $this->service($name, $handler->service, $handler->only);
        }
        if (is_object($handler)) {
            return is_callable($handler)
                ? [$name => Target::callable($handler)]
                : $this->service($name, $handler, null);
        }
        if (is_string($handler)) {
            // The name of a nameless class has an @ too.
            return preg_match('/^(.+)(?:@|::)(\w+)$/s', $handler, $parts) === 1
                ? [$name => $this->method($parts[1], $parts[2])]
                : $this->named($name, $handler);
        }
        if (is_array($handler) && array_is_list($handler) && count($handler) === 2 && is_string($handler[1])) {
            [$owner, $method] = $handler;
            if (is_string($owner) || is_object($owner)) {
                return [$name => $this->method($owner, $method)];
            }
        }
        throw new InvalidOption(
            'expected a callable, a class, Class@method, [Class::class, method], an object or a Zroute\Service; got '
            . get_debug_type($handler)
        );
    }

    /** @return array<string, Target> */
    private function named(string $name, string $handler): array
    {
        // PHP's functions know no case: a class Date is not the function date().
        $isClass = class_exists($handler) && (new \ReflectionClass($handler))->getName() === ltrim($handler, '\\');
        if (!$isClass && function_exists($handler)) {
            return [$name => Target::callable($handler)];
        }
        $class = $this->instances->classOf($handler);
        return $class->hasMethod('__invoke')
            ? [$name => Target::method($this->instances, $handler, $class->getMethod('__invoke'))]
            : $this->service($name, $handler, null);
    }

    private function method(string|object $owner, string $method): Target
    {
        if (is_callable([$owner, $method])) {
            return Target::callable([$owner, $method]);
        }
        $class = is_object($owner) ? new \ReflectionClass($owner) : $this->instances->classOf($owner);
        if (!$class->hasMethod($method)) {
            throw new InvalidOption("{$class->getName()} has no method $method()");
        }
        $reflection = $class->getMethod($method);
        if (!$reflection->isPublic()) {
            throw new InvalidOption("{$class->getName()}::$method() is not public");
        }
        return Target::method($this->instances, (string) $owner, $reflection);
    }

    /**
     * @param list<string>|null $only
     * @return array<string, Target>
     */
    private function service(string $name, string|object $service, ?array $only): array
    {
        if ($name === '') {
            throw new InvalidOption('a service needs a name, which its functions begin with');
        }
        $class = is_object($service) ? new \ReflectionClass($service) : $this->instances->classOf($service);
        $functions = [];
        foreach ($only ?? self::own($class) as $method) {
            $functions["$name.$method"] = $this->method($service, $method);
        }
        if ($functions === []) {
            throw new InvalidOption(
                "{$class->getName()} declares no public method that is not static; "
                . 'Zroute\Service::of() with `only` takes others too'
            );
        }
        return $functions;
    }

    /** @return list<string> the methods that make a service of a class */
    private static function own(\ReflectionClass $class): array
    {
        $own = [];
        foreach ($class->getMethods(\ReflectionMethod::IS_PUBLIC) as $method) {
            if (
                !$method->isStatic()
                && !str_starts_with($method->getName(), '__')
                && $method->getDeclaringClass()->getName() === $class->getName()
            ) {
                $own[] = $method->getName();
            }
        }
        return $own;
    }
}
