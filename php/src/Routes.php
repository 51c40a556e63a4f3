<?php

declare(strict_types=1);

namespace Zroute;

use Psr\Container\ContainerInterface;
use Zroute\Exception\InvalidOption;

/**
 * The functions of an application, apart from the server that serves them.
 *
 *     return Routes::of(['math' => Calculator::class])->container($container)->middleware('math.*', Log::class);
 *
 * A routes file is what `zroute serve` is given. It returns one of these, or an
 * array of handlers by name, or a closure that gets the Server and registers
 * what it wants. A file that returns nothing but sets $route, such as the
 * seed's, will do.
 */
final class Routes
{
    private ?ContainerInterface $container = null;
    /** @var list<array{string, string|callable|Middleware}> */
    private array $middleware = [];

    /**
     * @param array<string, string|array<mixed>|object> $handlers
     * @param (\Closure(Server): mixed)|null $bootstrap
     */
    private function __construct(
        private readonly array $handlers,
        private readonly ?\Closure $bootstrap = null,
        private readonly string $origin = 'the routes',
    ) {
    }

    /** @param array<string, string|array<mixed>|object> $handlers by name, as Server::register() takes them */
    public static function of(array $handlers): self
    {
        return new self($handlers);
    }

    /**
     * Runs a routes file.
     *
     * @throws InvalidOption when it cannot be run or returns something else, with the file and the reason
     */
    public static function fromFile(string $path): self
    {
        $file = realpath($path);
        if ($file === false || !is_file($file) || !is_readable($file)) {
            throw new InvalidOption("the routes file $path cannot be read");
        }
        try {
            [$returned, $route] = self::run($file);
        } catch (\Throwable $e) {
            throw self::failed($file, $e);
        }
        // What require gives for a file that returns nothing.
        if ($returned === 1 && is_array($route)) {
            $returned = $route;
        }
        return match (true) {
            $returned instanceof self => $returned->from($file),
            $returned instanceof \Closure => new self([], $returned, $file),
            is_array($returned) => new self($returned, null, $file),
            default => throw new InvalidOption(
                "$file is expected to return an array of handlers, a Zroute\Routes or a closure that takes the server; "
                . ($returned === 1 ? 'it returns nothing' : 'got ' . get_debug_type($returned))
            ),
        };
    }

    /** Where handlers and middleware that are named by class come from. */
    public function container(ContainerInterface $container): static
    {
        $this->container = $container;
        return $this;
    }

    /**
     * Puts a middleware around the functions whose names match, as Server::middleware() does.
     *
     * @param string|callable(Call, callable): mixed|Middleware $middleware
     */
    public function middleware(string $glob, string|callable|Middleware $middleware): static
    {
        $this->middleware[] = [$glob, $middleware];
        return $this;
    }

    /**
     * Gives a server these functions and what goes around them.
     *
     * @throws InvalidOption when a handler or a middleware cannot be used, or no function matches a glob: with the
     *         file and the key
     */
    public function register(Server $server): void
    {
        if ($this->bootstrap !== null) {
            $this->name(fn () => ($this->bootstrap)($server));
        }
        foreach ($this->handlers as $name => $handler) {
            if (is_int($name)) {
                throw new InvalidOption("$this->origin: expected functions' names as keys, got $name");
            }
            $this->name(fn () => $server->register($name, $handler, $this->container));
        }
        foreach ($this->middleware as [$glob, $middleware]) {
            // A slip of the pen would leave functions open that are meant to be guarded.
            if ($server->functions($glob) === []) {
                throw new InvalidOption("$this->origin: no function matches '$glob' of a middleware");
            }
            $this->name(fn () => $server->middleware($glob, $middleware, $this->container));
        }
    }

    private function name(\Closure $register): void
    {
        try {
            $register();
        } catch (InvalidOption $e) {
            throw new InvalidOption("$this->origin: {$e->getMessage()}", 0, $e);
        } catch (\Throwable $e) {
            throw self::failed($this->origin, $e);
        }
    }

    /** In one line, which is what is told of a worker that does not come up. */
    private static function failed(string $what, \Throwable $e): InvalidOption
    {
        $place = "{$e->getFile()}:{$e->getLine()}";
        return new InvalidOption("$what failed: " . $e::class . ": {$e->getMessage()} in $place", 0, $e);
    }

    private function from(string $file): self
    {
        $routes = new self($this->handlers, $this->bootstrap, $file);
        $routes->container = $this->container;
        $routes->middleware = $this->middleware;
        return $routes;
    }

    /**
     * The file sees no variables but its own.
     *
     * @return array{mixed, mixed} what it returns, and its $route
     */
    private static function run(string $file): array
    {
        return (static function (): array {
            $returned = require func_get_arg(0);
            return [$returned, $route ?? null];
        })($file);
    }
}
