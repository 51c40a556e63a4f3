<?php

declare(strict_types=1);

namespace Zroute;

/**
 * Something that happens around handlers.
 *
 *     $server->middleware('math.*', new Zroute\Middleware\Log($logger));
 */
interface Middleware
{
    /**
     * @param callable(Call): mixed $next what lies further in: other middleware, at last the handler
     * @return mixed the answer, which is what $next returns unless this has a reason
     * @throws Fault to refuse the call
     */
    public function process(Call $call, callable $next): mixed;
}
