<?php

declare(strict_types=1);

namespace Zroute;

/**
 * Limits of a message that go with PHP's memory_limit. A message that runs
 * into that ends the process, and nothing can catch it; one over a limit gets
 * an error answer.
 *
 * @internal
 */
final class MemoryLimit
{
    /** The native library's own limits. */
    private const MAX_MESSAGE = 16 << 20;
    private const MAX_NODES = 1 << 20;

    /**
     * What a value takes at most in PHP, by bridge: as measured, with arrays of
     * one entry inside each other.
     */
    private const NODE_BYTES = ['slot' => 216, 'serialize' => 400];

    /** @return array<string, int> the options max_message and max_nodes */
    public static function options(Bridge $bridge): array
    {
        $limit = self::bytes((string) ini_get('memory_limit'));
        if ($limit <= 0) {
            return [];
        }
        // The latest answers are still there when the next calls come in, and the program wants its
        // part. A large string is there up to six times while it comes in and goes out.
        $left = max(0, $limit - memory_get_usage());
        return [
            'max_message' => max(1, min(self::MAX_MESSAGE, intdiv($left, 6))),
            'max_nodes' => max(1, min(self::MAX_NODES, intdiv($left, 3 * self::NODE_BYTES[$bridge->name()]))),
        ];
    }

    /** How many bytes PHP may still take, on top of what it has, used or not. */
    public static function left(): int
    {
        $limit = self::bytes((string) ini_get('memory_limit'));
        return $limit <= 0 ? PHP_INT_MAX : max(0, $limit - memory_get_usage(true));
    }

    /** A size as php.ini has it, such as 128M. */
    private static function bytes(string $size): int
    {
        $unit = ['k' => 10, 'm' => 20, 'g' => 30][strtolower(substr(trim($size), -1))] ?? 0;
        return (int) $size << $unit;
    }
}
