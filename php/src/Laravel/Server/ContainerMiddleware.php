<?php

declare(strict_types=1);

namespace Zroute\Laravel\Server;

use Illuminate\Contracts\Container\Container;
use Zroute\Call;
use Zroute\Exception\InvalidOption;
use Zroute\Middleware;

/**
 * A middleware that the container makes for each call, so that it may hold what
 * belongs to one call. It is a Zroute\Middleware, or has Laravel's handle().
 *
 * @internal
 */
final class ContainerMiddleware implements Middleware
{
    private readonly string $id;
    /** @var list<string> */
    private readonly array $parameters;

    /** @throws InvalidOption when there is no such class or id */
    public function __construct(private readonly Container $container, string $middleware)
    {
        [$this->id, $parameters] = explode(':', $middleware, 2) + [1 => ''];
        $this->parameters = $parameters === '' ? [] : explode(',', $parameters);
        if (!$container->bound($this->id) && !class_exists($this->id)) {
            throw new InvalidOption("there is no middleware $this->id: neither a class nor known to the container; the "
                . 'short names of the HTTP kernel are for requests, not for calls');
        }
        // What another id stands for is known when it is made.
        if (!$container->bound($this->id)) {
            self::check($this->id, $this->id);
        }
    }

    /** @throws InvalidOption */
    private static function check(string $id, object|string $middleware): void
    {
        if (!is_a($middleware, Middleware::class, true) && !method_exists($middleware, 'handle')) {
            $class = is_object($middleware) ? $middleware::class : $middleware;
            throw new InvalidOption("$id is no middleware: $class has no handle(\$call, \$next) and is no "
                . Middleware::class . '; the short names of the HTTP kernel are for requests, not for calls');
        }
    }

    public function process(Call $call, callable $next): mixed
    {
        $middleware = $this->container->make($this->id);
        self::check($this->id, $middleware);
        return $middleware instanceof Middleware
            ? $middleware->process($call, $next)
            : $middleware->handle($call, \Closure::fromCallable($next), ...$this->parameters);
    }
}
