<?php

declare(strict_types=1);

namespace Zroute\Laravel\Server;

use Illuminate\Contracts\Container\Container;
use Zroute\Exception\InvalidOption;
use Zroute\Middleware;
use Zroute\Server;
use Zroute\Service;

/**
 * What routes/rpc.php says: the root of the facade Rpc.
 */
final class Procedures
{
    /** @var array<string, Procedure> by name */
    private array $procedures = [];
    private Group $group;

    public function __construct(private readonly Container $container)
    {
        $this->group = new Group($this);
    }

    /**
     * Declares a function.
     *
     * @param mixed $handler as Zroute\Server::register() takes it: a closure, 'Class@method', [Class::class, 'method'],
     *        a class with __invoke(). Its object, and parameters whose type is a class, come from the container
     */
    public function procedure(string $name, mixed $handler): Procedure
    {
        $name = Group::join($this->group->prefix, $name);
        if (isset($this->procedures[$name])) {
            throw new InvalidOption("there are two functions '$name'");
        }
        return $this->procedures[$name] = new Procedure($name, $handler, $this->group->middleware);
    }

    /**
     * Declares a function name.method for each public method of a class.
     *
     * @param list<string>|null $only these methods
     */
    public function service(string $name, string|object $service, ?array $only = null): Procedure
    {
        return $this->procedure($name, Service::of($service, $only));
    }

    public function prefix(string $prefix): Group
    {
        return (new Group($this))->prefix($prefix);
    }

    /** @param string|callable|Middleware ...$middleware as Procedure::middleware() takes them */
    public function middleware(string|callable|Middleware ...$middleware): Group
    {
        return (new Group($this))->middleware(...$middleware);
    }

    /** @internal for Group */
    public function within(Group $group, \Closure $routes): void
    {
        $outer = $this->group;
        $this->group = $group->inside($outer);
        try {
            $routes();
        } finally {
            $this->group = $outer;
        }
    }

    /**
     * Reads a routes file.
     *
     * @throws InvalidOption when there is none
     */
    public function load(string $file): static
    {
        if (!is_file($file)) {
            throw new InvalidOption("there is no $file, which says what is served; see docs/laravel.md");
        }
        (static function (): void {
            require func_get_arg(0);
        })($file);
        return $this;
    }

    /** @return list<Procedure> in the order of their declaration */
    public function all(): array
    {
        return array_values($this->procedures);
    }

    /**
     * Gives a server these functions and what goes around them.
     *
     * @throws InvalidOption when a handler or a middleware cannot be used
     */
    public function register(Server $server): void
    {
        foreach ($this->procedures as $procedure) {
            $before = $server->functions();
            $server->register($procedure->name, $procedure->handler, $this->container);
            foreach (array_diff($server->functions(), $before) as $function) {
                foreach ($procedure->around() as $middleware) {
                    $this->surround($server, $function, $middleware);
                }
            }
        }
    }

    private function surround(Server $server, string $function, mixed $middleware): void
    {
        // One that looks at each function once belongs to the server; others are the container's at each call.
        if (is_string($middleware) && !is_a($middleware, Middleware\PerFunction::class, true)) {
            $middleware = new ContainerMiddleware($this->container, $middleware);
        }
        $server->middleware(addcslashes($function, '*?[\\'), $middleware, $this->container);
    }
}
