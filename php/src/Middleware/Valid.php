<?php

declare(strict_types=1);

namespace Zroute\Middleware;

use function count;
use function is_array;
use function is_float;
use function is_int;
use function is_string;

/**
 * What a handler's parameter may be, beyond its type; Validate looks at it.
 *
 *     function price(#[Valid(pattern: '/^[a-z]+$/')] string $article, #[Valid(min: 1, max: 99)] int $pieces = 1)
 *
 * A null passes: whether there may be one, the type says.
 */
#[\Attribute(\Attribute::TARGET_PARAMETER)]
final class Valid
{
    /**
     * @param int|float|null $min the least number, characters of a string, or items of an array
     * @param int|float|null $max the most of them
     * @param string|null $pattern a regular expression that a string matches
     * @param list<mixed>|null $in one of these, as === compares
     */
    public function __construct(
        private readonly int|float|null $min = null,
        private readonly int|float|null $max = null,
        private readonly ?string $pattern = null,
        private readonly ?array $in = null,
    ) {
    }

    /** @return string|null what was expected and what came; null if it is valid */
    public function objection(mixed $value): ?string
    {
        if ($value === null) {
            return null;
        }
        [$size, $unit] = match (true) {
            is_int($value), is_float($value) => [$value, ''],
            is_string($value) => [self::length($value), ' characters'],
            is_array($value) => [count($value), ' items'],
            default => [null, ''],
        };
        return match (true) {
            // Written so that NAN is in no range.
            $size !== null && $this->min !== null && !($size >= $this->min)
                => "at least $this->min$unit, got $size",
            $size !== null && $this->max !== null && !($size <= $this->max)
                => "at most $this->max$unit, got $size",
            is_string($value) && $this->pattern !== null && preg_match($this->pattern, $value) !== 1
                => "text that matches $this->pattern",
            $this->in !== null && !in_array($value, $this->in, true)
                => 'one of ' . implode(', ', array_map(static fn (mixed $one) => json_encode($one), $this->in)),
            default => null,
        };
    }

    private static function length(string $text): int
    {
        $characters = preg_match_all('/./su', $text);
        return $characters === false ? strlen($text) : $characters;
    }
}
