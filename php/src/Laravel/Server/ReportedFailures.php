<?php

declare(strict_types=1);

namespace Zroute\Laravel\Server;

use Illuminate\Auth\Access\AuthorizationException;
use Illuminate\Auth\AuthenticationException;
use Illuminate\Contracts\Container\Container;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Validation\ValidationException;
use Zroute\Call;
use Zroute\Fault;
use Zroute\Middleware;

/**
 * Exceptions go where the application reports those of its pages and jobs; what
 * Laravel throws to refuse a request refuses a call.
 *
 * @internal
 */
final class ReportedFailures implements Middleware
{
    public function __construct(private readonly Container $container)
    {
    }

    public function process(Call $call, callable $next): mixed
    {
        try {
            return $next($call);
        } catch (Fault $e) {
            throw $e;
        } catch (ValidationException $e) {
            throw new Fault(Fault::PARAMETERS, implode(' ', $e->validator->errors()->all()));
        } catch (AuthenticationException | AuthorizationException $e) {
            throw new Fault(Fault::FORBIDDEN, $e->getMessage());
        } catch (\Throwable $e) {
            self::report($this->container, $e);
            throw $e;
        }
    }

    /** Never throws: what cannot be reported is left to PHP's error log, and so to that of the server. */
    public static function report(Container $container, \Throwable $e): void
    {
        try {
            $container->make(ExceptionHandler::class)->report($e);
        } catch (\Throwable $why) {
            error_log('zroute: ' . $e::class . ": {$e->getMessage()} cannot be reported: {$why->getMessage()}");
        }
    }
}
