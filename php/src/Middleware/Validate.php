<?php

declare(strict_types=1);

namespace Zroute\Middleware;

use Zroute\Call;
use Zroute\Fault;
use Zroute\Handler;
use Zroute\Handler\Given;
use Zroute\Middleware;

use function is_array;

/**
 * Refuses parameters that are not valid, with the fault -32602: by the
 * attributes Valid of the handler's parameters, and by a rule in PHP.
 *
 *     $server->middleware('*', new Validate());
 *     $server->middleware('shop.order', new Validate(
 *         fn (Call $call) => $call->parameters === [] ? 'an order has at least one article' : null
 *     ));
 *
 * Whether the parameters fit the handler's signature is looked at behind this,
 * and always.
 */
final class Validate implements PerFunction
{
    /** @var (\Closure(Call): ?string)|null */
    private readonly ?\Closure $rule;
    /** @var array<string, array{int, Valid, bool}> position, attribute, and whether it is variadic; by name */
    private array $parameters = [];
    private bool $whole = false;

    /** @param (callable(Call): ?string)|null $rule says what is wrong; null if nothing is */
    public function __construct(?callable $rule = null)
    {
        $this->rule = $rule === null ? null : \Closure::fromCallable($rule);
    }

    public function for(string $function, \ReflectionFunctionAbstract $handler): ?Middleware
    {
        $mine = clone $this;
        $mine->whole = Handler::takesWhole($handler);
        $position = 0;
        foreach ($handler->getParameters() as $parameter) {
            if (Given::by($parameter) !== null) {
                continue;
            }
            foreach ($parameter->getAttributes(Valid::class) as $attribute) {
                $mine->parameters[$parameter->getName()] = [
                    $position,
                    $attribute->newInstance(),
                    $parameter->isVariadic(),
                ];
            }
            $position++;
        }
        return $mine->parameters === [] && $this->rule === null ? null : $mine;
    }

    public function process(Call $call, callable $next): mixed
    {
        foreach ($this->parameters as $name => [$position, $valid, $variadic]) {
            foreach ($this->given($call->parameters, $name, $position, $variadic) as $value) {
                $objection = $valid->objection($value);
                if ($objection !== null) {
                    throw new Fault(Fault::PARAMETERS, "parameter '$name' is expected to be $objection");
                }
            }
        }
        $objection = $this->rule === null ? null : ($this->rule)($call);
        if ($objection !== null) {
            throw new Fault(Fault::PARAMETERS, $objection);
        }
        return $next($call);
    }

    /** @return array<mixed> the values that a parameter gets */
    private function given(mixed $parameters, string $name, int $position, bool $variadic): array
    {
        if ($this->whole) {
            return [$parameters];
        }
        if (!is_array($parameters)) {
            return [];
        }
        if (array_is_list($parameters)) {
            return array_slice($parameters, $position, $variadic ? null : 1);
        }
        return array_key_exists($name, $parameters) ? [$parameters[$name]] : [];
    }
}
