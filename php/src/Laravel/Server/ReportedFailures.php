<?php

declare(strict_types=1);

namespace Zroute\Laravel\Server;

use Illuminate\Auth\Access\AuthorizationException;
use Illuminate\Auth\AuthenticationException;
use Illuminate\Contracts\Container\Container;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Database\RecordsNotFoundException;
use Illuminate\Http\Exceptions\HttpResponseException;
use Illuminate\Validation\ValidationException;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\HttpKernel\Exception\HttpExceptionInterface;
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
            $answer = $next($call);
        } catch (\Throwable $e) {
            throw $this->told($e);
        }
        return $answer instanceof \Generator ? $this->items($answer) : $answer;
    }

    /**
     * A generator throws when the middleware is through.
     *
     * @param \Generator<mixed> $items
     * @return \Generator<mixed>
     */
    private function items(\Generator $items): \Generator
    {
        try {
            yield from $items;
        } catch (\Throwable $e) {
            throw $this->told($e);
        }
    }

    /** What the caller is told. */
    private function told(\Throwable $e): \Throwable
    {
        if ($e instanceof Fault) {
            return $e;
        }
        // As for pages, the application's handler knows what is not worth a report.
        self::report($this->container, $e);
        return self::refusal($e) ?? $e;
    }

    private static function refusal(\Throwable $e): ?Fault
    {
        return match (true) {
            $e instanceof ValidationException
                => new Fault(Fault::PARAMETERS, implode(' ', $e->validator->errors()->all())),
            $e instanceof AuthenticationException, $e instanceof AuthorizationException
                => new Fault(Fault::FORBIDDEN, $e->getMessage()),
            $e instanceof RecordsNotFoundException => self::status(Response::HTTP_NOT_FOUND, $e->getMessage()),
            $e instanceof HttpExceptionInterface => self::status($e->getStatusCode(), $e->getMessage()),
            $e instanceof HttpResponseException => self::status($e->getResponse()->getStatusCode(), ''),
            default => null,
        };
    }

    /** What abort() and others would answer a page with. */
    private static function status(int $status, string $message): Fault
    {
        $title = Response::$statusTexts[$status] ?? "HTTP $status";
        $message = $message === '' ? $title : $message;
        return in_array($status, [Response::HTTP_UNAUTHORIZED, Response::HTTP_FORBIDDEN], true)
            ? new Fault(Fault::FORBIDDEN, $message)
            : new Fault($status, $message, preg_replace('/\W/', '', $title));
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
