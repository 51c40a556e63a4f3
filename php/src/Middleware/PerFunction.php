<?php

declare(strict_types=1);

namespace Zroute\Middleware;

use Zroute\Middleware;

/**
 * A middleware that looks at each function once, and not at each call.
 */
interface PerFunction extends Middleware
{
    /**
     * Called when the function gets this middleware.
     *
     * @return Middleware|null what goes around this function; null for nothing, which then costs nothing
     */
    public function for(string $function, \ReflectionFunctionAbstract $handler): ?Middleware;
}
