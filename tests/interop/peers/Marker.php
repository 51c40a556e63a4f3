<?php

declare(strict_types=1);

/** Leaves a file behind when any of its magic methods runs. */
class Marker
{
    public mixed $data = null;

    public function __construct()
    {
        self::leave('__construct');
    }

    public function __wakeup()
    {
        self::leave('__wakeup');
    }

    public function __unserialize(array $data)
    {
        self::leave('__unserialize');
    }

    public static function __set_state(array $data)
    {
        self::leave('__set_state');
    }

    public function __set(string $name, mixed $value)
    {
        self::leave('__set');
    }

    public function __toString(): string
    {
        self::leave('__toString');
        return '';
    }

    public function __destruct()
    {
        self::leave('__destruct');
    }

    private static function leave(string $method): void
    {
        file_put_contents((string) getenv('MARKER'), "$method\n", FILE_APPEND);
    }
}
