<?php

declare(strict_types=1);

namespace Zroute\Tests\DropIn\MessagePack\Fixture;

/** Runs code wherever a class can, and notes that it did. */
class Watch
{
    /** @var array<string, int> */
    public static array $ran = [];

    public mixed $a = null;

    public function __construct()
    {
        self::note(__FUNCTION__);
    }

    public function __destruct()
    {
        self::note(__FUNCTION__);
    }

    public function __wakeup(): void
    {
        self::note(__FUNCTION__);
    }

    public function __unserialize(array $data): void
    {
        self::note(__FUNCTION__);
    }

    public function __set(string $name, mixed $value): void
    {
        self::note(__FUNCTION__);
    }

    public function __toString(): string
    {
        self::note(__FUNCTION__);
        return '';
    }

    private static function note(string $method): void
    {
        self::$ran[$method] = (self::$ran[$method] ?? 0) + 1;
    }
}

@eval('namespace ' . __NAMESPACE__ . '; final class Keeper implements \Serializable
{
    public string $kept = "";

    public function serialize(): string
    {
        return $this->kept;
    }

    public function unserialize(string $data): void
    {
        $this->kept = $data;
    }
}');
