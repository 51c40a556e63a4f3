<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

use Zroute\Status;

/**
 * Exceptions as the extension throws them: by the number of libzmq's error,
 * from the line that has called the extension.
 *
 * @internal
 */
final class Failure
{
    /** What the extension gives where libzmq was not asked. */
    public const INTERNAL = -99;

    private const EINTR = 4;
    private const EAGAIN = 11;
    private const EFSM = 156384763;
    private const ETERM = 156384765;

    /**
     * @template T of \Throwable
     * @param class-string<T> $class
     * @return T
     */
    public static function make(
        string $class,
        string $message,
        int $code = self::INTERNAL,
        ?\Throwable $previous = null
    ): \Throwable {
        return self::place(new $class($message, $code, $previous));
    }

    /**
     * @param class-string<\ZMQException> $class
     * @param string $what failed, such as `Failed to send message`
     */
    public static function ofStatus(
        string $class,
        string $what,
        int $status,
        ?\Throwable $previous = null
    ): \ZMQException {
        $native = Library::native();
        $number = match ($status) {
            Status::TIMEOUT => self::EAGAIN,
            Status::INTERRUPTED => self::EINTR,
            Status::BAD_STATE => self::EFSM,
            Status::STOPPED => self::ETERM,
            Status::FORKED, Status::BAD_HANDLE, Status::BUSY => 0,
            default => $native->lastErrorNumber(),
        };
        $why = $number === 0 ? $native->lastError() : $native->errorNumberText($number);
        return self::make($class, "$what: $why", $number === 0 ? self::INTERNAL : $number, $previous);
    }

    /** An exception that seems to come from where the drop-in was called, as from a class that is built in. */
    public static function place(\Throwable $e): \Throwable
    {
        $here = dirname(__DIR__) . '/';
        $trace = $e->getTrace();
        while (isset($trace[0]['file']) && str_starts_with($trace[0]['file'], $here)) {
            array_shift($trace);
        }
        $class = $e instanceof \Error ? \Error::class : \Exception::class;
        foreach ($trace as $frame) {
            if (isset($frame['file'])) {
                (new \ReflectionProperty($class, 'file'))->setValue($e, $frame['file']);
                (new \ReflectionProperty($class, 'line'))->setValue($e, $frame['line']);
                break;
            }
        }
        (new \ReflectionProperty($class, 'trace'))->setValue($e, $trace);
        return $e;
    }
}
