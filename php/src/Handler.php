<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\InvalidOption;

use function array_is_list;
use function count;
use function is_array;
use function is_int;

/**
 * How a handler gets its parameters.
 *
 * One whose single parameter is untyped, `array`, `iterable` or `mixed` gets
 * them whole, as in `function (array $data)`. Any other signature gets them
 * spread: a list by position, a map by name; what does not fit is the fault
 * -32602, found out before the handler runs.
 *
 * @internal
 */
final class Handler
{
    private function __construct(
        private readonly \Closure $handler,
        private readonly int $required,
        /** The most arguments, or null for any number. */
        private readonly ?int $most,
        /** @var array<string, bool> the parameters' names, and whether each must be given */
        private readonly array $names,
        private readonly bool $takesAnyName,
    ) {
    }

    /**
     * @param callable $handler
     * @return \Closure(mixed): mixed takes the parameters as they came
     */
    public static function of(callable $handler): \Closure
    {
        $closure = \Closure::fromCallable($handler);
        $function = new \ReflectionFunction($closure);
        $parameters = $function->getParameters();
        foreach ($parameters as $parameter) {
            if ($parameter->isPassedByReference()) {
                throw new InvalidOption(
                    "a handler's parameters cannot be references: \${$parameter->getName()} of {$function->getName()}()"
                );
            }
        }
        if (self::takesThemWhole($parameters)) {
            return $closure;
        }
        $names = [];
        foreach ($parameters as $parameter) {
            if (!$parameter->isVariadic()) {
                $names[$parameter->getName()] = !$parameter->isOptional();
            }
        }
        $variadic = $function->isVariadic() || self::isMagic($function);
        // Internal functions collect values, but no names.
        $takesAnyName = $variadic && !$function->isInternal();
        $spread = new self(
            $closure,
            $function->getNumberOfRequiredParameters(),
            $variadic ? null : count($parameters),
            $names,
            $takesAnyName
        );
        return $spread->call(...);
    }

    /** Whether it is a method that only __call() or __callStatic() knows. */
    private static function isMagic(\ReflectionFunction $function): bool
    {
        $class = $function->getClosureScopeClass();
        return $class !== null
            && !str_contains($function->getName(), '{closure')
            && !$class->hasMethod($function->getName());
    }

    /** @param list<\ReflectionParameter> $parameters */
    private static function takesThemWhole(array $parameters): bool
    {
        if (count($parameters) !== 1 || $parameters[0]->isVariadic()) {
            return false;
        }
        $type = (string) $parameters[0]->getType();
        return in_array($type, ['', 'mixed', 'array', '?array', 'iterable', '?iterable', 'Traversable|array'], true);
    }

    /**
     * Whether an error says that the parameters did not fit, and not that
     * something inside the handler went wrong.
     */
    public static function isMismatch(\TypeError $error): bool
    {
        $frame = $error->getTrace()[0] ?? [];
        if (!in_array($frame['file'] ?? '', [__FILE__, __DIR__ . '/Server/Loop.php'], true)) {
            return false;
        }
        // The handler's own name leads the text: strlen() and others fail without a frame of their own.
        $name = isset($frame['class']) ? "{$frame['class']}::{$frame['function']}" : $frame['function'];
        // PHP's text ends the name of an anonymous class where its file begins.
        $name = (string) strtok($name, "\0");
        return str_starts_with($error->getMessage(), "$name(): Argument #");
    }

    private function call(mixed $parameters): mixed
    {
        if ($parameters === null) {
            $parameters = [];
        }
        if (!is_array($parameters)) {
            throw self::mismatch('a list or a map of parameters', get_debug_type($parameters));
        }
        if (array_is_list($parameters)) {
            $this->checkCount(count($parameters));
        } else {
            $this->checkNames($parameters);
        }
        return ($this->handler)(...$parameters);
    }

    private function checkCount(int $count): void
    {
        if ($count < $this->required || ($this->most !== null && $count > $this->most)) {
            $expected = match (true) {
                $this->most === null => "$this->required or more",
                $this->most === $this->required => (string) $this->required,
                default => "$this->required to $this->most",
            };
            throw self::mismatch("$expected parameters", (string) $count);
        }
    }

    /** @param array<mixed> $parameters */
    private function checkNames(array $parameters): void
    {
        foreach ($parameters as $name => $_) {
            if (is_int($name)) {
                throw self::mismatch('a list, or a map with names', "a map with the key $name");
            }
            if (!isset($this->names[$name]) && !$this->takesAnyName) {
                $known = implode(', ', array_keys($this->names));
                throw self::mismatch($known === '' ? 'no parameters' : "parameters named $known", "one named '$name'");
            }
        }
        foreach ($this->names as $name => $required) {
            if ($required && !array_key_exists($name, $parameters)) {
                throw self::mismatch("a parameter named $name", 'none');
            }
        }
    }

    private static function mismatch(string $expected, string $got): Fault
    {
        return new Fault(Fault::PARAMETERS, "expected $expected, got $got");
    }
}
