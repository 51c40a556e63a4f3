<?php

declare(strict_types=1);

namespace Zroute\Server;

use Zroute\Exception\InvalidOption;
use Zroute\Handler;
use Zroute\Handler\Description;
use Zroute\Handler\Instances;
use Zroute\Handler\Resolver;
use Zroute\Middleware;
use Zroute\Native;

/**
 * The functions of a server, and what goes around them.
 *
 * @internal
 */
final class Functions
{
    /** @var array<string, Handler> by name */
    private array $handlers = [];
    /** @var list<array{string, Middleware}> with their globs, the outermost first */
    private array $middleware = [];
    /** @var array<string, true> the functions whose calls come with all that is known of them, by name */
    private array $contextual = [];

    public function __construct(
        private readonly Native $native,
        private readonly object $handle,
        private readonly Loop $loop,
    ) {
    }

    /** @throws InvalidOption */
    public function add(string $name, mixed $handler, Instances $instances): void
    {
        try {
            $handlers = [];
            foreach ((new Resolver($instances))->resolve($name, $handler) as $function => $target) {
                $handlers[$function] = new Handler($target, $instances);
            }
        } catch (InvalidOption $e) {
            throw new InvalidOption("the handler of '$name' cannot be used: {$e->getMessage()}", 0, $e);
        }
        foreach ($handlers as $function => $handler) {
            $function = (string) $function;
            $this->handlers[$function] = $handler;
            $this->build($function);
            $this->native->describe($this->handle, $function, Description::of($handler->declared));
        }
    }

    /**
     * @param string|callable|Middleware $middleware
     * @throws InvalidOption
     */
    public function surround(string $glob, mixed $middleware, Instances $instances): void
    {
        $this->middleware[] = [$glob, self::middleware($middleware, $instances)];
        foreach ($this->matching($glob) as $function) {
            $this->build($function);
        }
    }

    /** @return list<string> the functions whose names match */
    public function matching(string $glob): array
    {
        $matching = [];
        foreach ($this->handlers as $function => $_) {
            if (fnmatch($glob, (string) $function)) {
                $matching[] = (string) $function;
            }
        }
        return $matching;
    }

    private function build(string $function): void
    {
        $handler = $this->handlers[$function];
        $around = $this->around($function, $handler);
        $route = $this->native->declare($this->handle, $function);
        if ($around !== [] || $handler->wantsCall() || isset($this->contextual[$function])) {
            $this->contextual[$function] = true;
            $this->native->wantContext($this->handle, $function);
            $this->loop->route($route, $function, new Chain($function, $handler, $around));
        } else {
            $this->loop->route($route, $function, $handler->withParameters());
        }
    }

    /** @return list<Middleware> */
    private function around(string $function, Handler $handler): array
    {
        $around = [];
        foreach ($this->middleware as [$glob, $middleware]) {
            if (!fnmatch($glob, $function)) {
                continue;
            }
            if ($middleware instanceof Middleware\PerFunction) {
                $middleware = $middleware->for($function, $handler->declared);
            }
            if ($middleware !== null) {
                $around[] = $middleware;
            }
        }
        return $around;
    }

    /** @param string|callable|Middleware $middleware */
    private static function middleware(mixed $middleware, Instances $instances): Middleware
    {
        // PHP's functions know no case: a class Log is not the function log().
        if (is_string($middleware) && (is_a($middleware, Middleware::class, true) || !is_callable($middleware))) {
            $instances->classOf($middleware);
            $middleware = $instances->get($middleware);
        }
        if ($middleware instanceof Middleware) {
            return $middleware;
        }
        if (is_callable($middleware)) {
            return new CallableMiddleware(\Closure::fromCallable($middleware));
        }
        throw new InvalidOption(
            'a middleware is expected to be a Zroute\Middleware, its class or a callable, got '
            . get_debug_type($middleware)
        );
    }
}
