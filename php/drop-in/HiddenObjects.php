<?php

declare(strict_types=1);

namespace Zroute\DropIn;

/**
 * Objects that live as long as the process without a program's own being
 * numbered differently: `object(ZMQContext)#1`, and not #17.
 *
 * @internal
 */
final class HiddenObjects
{
    private const NUMBERS = 1024;

    /**
     * Calls what makes such objects while all low numbers are taken. PHP gives the number that became free last to
     * the next object, so they are freed with the lowest last.
     *
     * @template T
     * @param callable(): T $make
     * @return T
     */
    public static function make(callable $make): mixed
    {
        $taken = [];
        for ($i = 0; $i < self::NUMBERS; $i++) {
            $taken[] = new \stdClass();
        }
        try {
            return $make();
        } finally {
            while ($taken !== []) {
                array_pop($taken);
            }
        }
    }
}
