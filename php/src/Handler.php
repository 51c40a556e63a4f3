<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\InvalidOption;
use Zroute\Handler\Given;
use Zroute\Handler\Instances;
use Zroute\Handler\Target;

use function array_is_list;
use function array_splice;
use function count;
use function is_array;
use function is_int;

/**
 * How a handler gets its parameters.
 *
 * One whose single parameter is untyped, `array`, `iterable` or `mixed` gets
 * them whole, as in `function (array $data)`. Any other signature gets them
 * spread: a list by position, a map by name; what does not fit is the fault
 * -32602, found out before the handler runs. A parameter whose type is a class
 * is not counted: it gets the Call, or an object of the container.
 *
 * @internal
 */
final class Handler
{
    /** The files that handlers are called from. */
    private const CALLERS = [__FILE__, __DIR__ . '/Handler/Target.php', __DIR__ . '/Server/Loop.php'];

    private readonly \Closure $handler;
    public readonly \ReflectionFunctionAbstract $declared;
    private readonly bool $whole;
    private readonly int $required;
    /** The most arguments, or null for any number. */
    private readonly ?int $most;
    /** @var array<string, bool> the parameters' names, and whether each must be given */
    private readonly array $names;
    private readonly bool $takesAnyName;
    /** @var array<int, array{string, \Closure(Call): mixed}> what the caller does not give: names and sources by position */
    private readonly array $given;

    /** @throws InvalidOption when it takes references, or an object that nobody has */
    public function __construct(Target $target, Instances $instances)
    {
        $this->handler = $target->closure;
        $this->declared = $target->declared;
        $names = $given = [];
        $count = 0;
        $required = 0;
        foreach ($this->declared->getParameters() as $position => $parameter) {
            $name = $parameter->getName();
            if ($parameter->isPassedByReference()) {
                throw new InvalidOption(
                    "a handler's parameters cannot be references: \$$name of {$this->declared->getName()}()"
                );
            }
            $class = Given::by($parameter);
            if ($class !== null) {
                $given[$position] = [$name, Given::source($class, $parameter, $instances)];
                continue;
            }
            $count++;
            $required += (int) !$parameter->isOptional();
            if (!$parameter->isVariadic()) {
                $names[$name] = !$parameter->isOptional();
            }
        }
        $variadic = $this->declared->isVariadic() || self::isMagic($this->declared);
        $this->whole = self::takesWhole($this->declared);
        $this->required = $required;
        $this->most = $variadic ? null : $count;
        $this->names = $names;
        // Internal functions collect values, but no names.
        $this->takesAnyName = $variadic && !$this->declared->isInternal();
        $this->given = $given;
    }

    public function wantsCall(): bool
    {
        return $this->given !== [];
    }

    /** @return \Closure(mixed): mixed for a handler that gets nothing else: takes the parameters as they came */
    public function withParameters(): \Closure
    {
        return $this->whole ? $this->handler : $this->spread(...);
    }

    /** @return \Closure(Call): mixed whatever the handler wants; a mismatch comes as a Fault */
    public function withCall(): \Closure
    {
        return function (Call $call): mixed {
            try {
                if ($this->given === []) {
                    return $this->whole ? ($this->handler)($call->parameters) : $this->spread($call->parameters);
                }
                $arguments = $this->whole ? [$call->parameters] : $this->arguments($call->parameters);
                return ($this->handler)(...$this->insert($call, $arguments));
            } catch (\TypeError $e) {
                throw self::mismatch($e) ?? $e;
            }
        };
    }

    /** Whether it is a method that only __call() or __callStatic() knows. */
    private static function isMagic(\ReflectionFunctionAbstract $function): bool
    {
        $class = $function->getClosureScopeClass();
        return $class !== null
            && !str_contains($function->getName(), '{closure')
            && !$class->hasMethod($function->getName());
    }

    /** Whether the parameters come whole, and not spread. */
    public static function takesWhole(\ReflectionFunctionAbstract $function): bool
    {
        $asked = static fn (\ReflectionParameter $parameter): bool => Given::by($parameter) === null;
        $parameters = array_values(array_filter($function->getParameters(), $asked));
        if (count($parameters) !== 1 || $parameters[0]->isVariadic()) {
            return false;
        }
        $type = (string) $parameters[0]->getType();
        return in_array($type, ['', 'mixed', 'array', '?array', 'iterable', '?iterable', 'Traversable|array'], true);
    }

    /**
     * The fault that an error is, if it says that the parameters did not fit, and
     * not that something inside the handler went wrong.
     */
    public static function mismatch(\TypeError $error): ?Fault
    {
        $frame = $error->getTrace()[0] ?? [];
        if (!in_array($frame['file'] ?? '', self::CALLERS, true)) {
            return null;
        }
        // The handler's own name leads the text: strlen() and others fail without a frame of their own.
        $name = isset($frame['class']) ? "{$frame['class']}::{$frame['function']}" : $frame['function'];
        // PHP's text ends the name of an anonymous class where its file begins.
        $name = (string) strtok($name, "\0");
        if (!str_starts_with($error->getMessage(), "$name(): Argument #")) {
            return null;
        }
        // Where it was called from is nobody's business.
        $message = (string) preg_replace('/, (called|\d+ passed) in .+ on line \d+/', '', $error->getMessage());
        return new Fault(Fault::PARAMETERS, $message);
    }

    private function spread(mixed $parameters): mixed
    {
        return ($this->handler)(...$this->arguments($parameters));
    }

    /** @return array<mixed> */
    private function arguments(mixed $parameters): array
    {
        if ($parameters === null) {
            $parameters = [];
        }
        if (!is_array($parameters)) {
            throw self::unfit('a list or a map of parameters', get_debug_type($parameters));
        }
        if (array_is_list($parameters)) {
            $this->checkCount(count($parameters));
        } else {
            $this->checkNames($parameters);
        }
        return $parameters;
    }

    /**
     * Puts what the caller does not give where it is wanted, whatever the caller has put there.
     *
     * @param array<mixed> $arguments
     * @return array<mixed>
     */
    private function insert(Call $call, array $arguments): array
    {
        $list = array_is_list($arguments);
        foreach ($this->given as $position => [$name, $source]) {
            if ($list && $position <= count($arguments)) {
                array_splice($arguments, $position, 0, [$source($call)]);
            } else {
                // Behind parameters that were left out.
                $arguments[$name] = $source($call);
                $list = false;
            }
        }
        return $arguments;
    }

    private function checkCount(int $count): void
    {
        if ($count < $this->required || ($this->most !== null && $count > $this->most)) {
            $expected = match (true) {
                $this->most === null => "$this->required or more",
                $this->most === $this->required => (string) $this->required,
                default => "$this->required to $this->most",
            };
            throw self::unfit("$expected parameters", (string) $count);
        }
    }

    /** @param array<mixed> $parameters */
    private function checkNames(array $parameters): void
    {
        foreach ($parameters as $name => $_) {
            if (is_int($name)) {
                throw self::unfit('a list, or a map with names', "a map with the key $name");
            }
            if (!isset($this->names[$name]) && !$this->takesAnyName) {
                $known = implode(', ', array_keys($this->names));
                throw self::unfit($known === '' ? 'no parameters' : "parameters named $known", "one named '$name'");
            }
        }
        foreach ($this->names as $name => $required) {
            if ($required && !array_key_exists($name, $parameters)) {
                throw self::unfit("a parameter named $name", 'none');
            }
        }
    }

    private static function unfit(string $expected, string $got): Fault
    {
        return new Fault(Fault::PARAMETERS, "expected $expected, got $got");
    }
}
