<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

/**
 * The end of the process. Destructors run in an order that nobody knows, and
 * any of them may still use a socket; so from then on none is closed but by
 * this one, which is the last.
 *
 * @internal
 */
final class Ending
{
    private const WAIT_MS = 10_000;
    private const FATAL = E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR;

    private static ?self $last = null;
    private static bool $hasBegun = false;

    private function __construct(private readonly bool $isLast)
    {
    }

    public static function await(): void
    {
        self::$last = new self(false);
        register_shutdown_function([self::class, 'begin']);
    }

    public static function hasBegun(): bool
    {
        return self::$hasBegun;
    }

    /** For PHP alone, as a shutdown function. */
    public static function begin(): void
    {
        if (self::$hasBegun) {
            // PHP runs no destructors after this. An exception that nobody has caught is another matter.
            $error = error_get_last();
            if ($error !== null && ($error['type'] & self::FATAL) && !str_starts_with($error['message'], 'Uncaught ')) {
                self::finish();
            }
            return;
        }
        self::$hasBegun = true;
        // Again, behind the shutdown functions of the program.
        register_shutdown_function([self::class, 'begin']);
    }

    public function __destruct()
    {
        if ($this->isLast) {
            self::finish();
        } else {
            // PHP comes to what is made in a destructor behind all other objects.
            self::$last = new self(true);
        }
    }

    private static function finish(): void
    {
        $waitMs = self::waitMs();
        Authentication::finishAll();
        Sockets::finishAll();
        if (!Contexts::finishAll($waitMs)) {
            trigger_error(
                "messages that no peer has taken within $waitMs ms were given up at the end of the process: "
                . 'set ZMQ::SOCKOPT_LINGER, or the environment variable ZROUTE_END_WAIT_MS (-1 waits without end)',
                E_USER_WARNING
            );
        }
    }

    private static function waitMs(): int
    {
        $setting = (string) getenv('ZROUTE_END_WAIT_MS');
        if ($setting === '') {
            return self::WAIT_MS;
        }
        if (!is_numeric($setting) || $setting < -1) {
            $default = self::WAIT_MS;
            trigger_error(
                "ZROUTE_END_WAIT_MS is expected to be milliseconds, or -1 to wait without end, got '$setting'; "
                . "$default are waited",
                E_USER_WARNING
            );
            return $default;
        }
        return (int) $setting;
    }
}
