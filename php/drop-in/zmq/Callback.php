<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

use Zroute\DropIn\HiddenObjects;

/**
 * Callbacks, as seen from where the extension is called: a private method is
 * good where its class hands it over.
 *
 * @internal
 */
final class Callback
{
    /**
     * @param string $function whose parameter it is
     * @param string $or what else it may be, such as ` or null`
     * @throws \TypeError when it cannot be called
     */
    public static function of(
        mixed $callback,
        string $function,
        int $position,
        string $parameter,
        string $or = ''
    ): string|array|object {
        // As it is, for a closure would be an object more.
        if (is_callable($callback)) {
            return $callback;
        }
        $scope = self::callerScope();
        $why = HiddenObjects::make(static function () use ($callback, $scope): ?string {
            try {
                self::closure($callback, $scope);
                return null;
            } catch (\TypeError $e) {
                return preg_replace('/^.*?closure from callable: /', '', $e->getMessage());
            }
        });
        if ($why !== null) {
            throw Failure::make(
                \TypeError::class,
                "$function(): Argument #$position (\$$parameter) must be a valid callback$or, $why",
                0
            );
        }
        return self::closure($callback, $scope);
    }

    /**
     * @param class-string|null $scope
     * @throws \TypeError
     */
    private static function closure(mixed $callback, ?string $scope): \Closure
    {
        $make = static fn (): \Closure => \Closure::fromCallable($callback);
        return $scope === null ? $make() : \Closure::bind($make, null, $scope)();
    }

    /** A number as PHP takes it for an int, where the declared parameter has to take other things too. */
    public static function timeout(mixed $timeout, string $function): int
    {
        $number = is_numeric($timeout) ? $timeout + 0 : $timeout;
        // The least float above PHP_INT_MAX is 2 ** 63.
        if (
            is_float($number) ? $number >= PHP_INT_MIN && $number < 2 ** 63
                : is_int($number) || is_bool($number) || $number === null
        ) {
            return (int) $number;
        }
        $type = get_debug_type($timeout);
        throw Failure::make(
            \TypeError::class,
            "$function(): Argument #2 (\$timeout) must be of type int, $type given",
            0
        );
    }

    /** @return class-string|null the class of the method that has called the drop-in */
    private static function callerScope(): ?string
    {
        $here = dirname(__DIR__) . '/';
        $frames = debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS);
        foreach ($frames as $i => $frame) {
            if (!isset($frame['file']) || !str_starts_with($frame['file'], $here)) {
                return $frames[$i + 1]['class'] ?? null;
            }
        }
        return null;
    }
}
