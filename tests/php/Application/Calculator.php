<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

use Zroute\Call;

/**
 * A service that needs nothing to be made.
 */
final class Calculator extends Machine
{
    public static int $made = 0;
    private int $calls = 0;

    public function __construct()
    {
        self::$made++;
    }

    /**
     * Adds two numbers.
     *
     *   Indented.
     *
     * @param int $a the first
     */
    public function add(int $a, int $b = 1, ?Call $call = null): int
    {
        return $a + $b;
    }

    /** @param array<int> $numbers */
    public function sum(array $numbers): int
    {
        return (int) array_sum($numbers);
    }

    public function count(): int
    {
        return ++$this->calls;
    }

    public static function double(int $a): int
    {
        return 2 * $a;
    }

    public function __toString(): string
    {
        return 'no function';
    }

    protected function hidden(): void
    {
    }
}
