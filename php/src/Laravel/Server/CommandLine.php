<?php

declare(strict_types=1);

namespace Zroute\Laravel\Server;

/**
 * The options of `zroute serve` as the configuration has them.
 *
 * @internal
 */
final class CommandLine
{
    /**
     * @param array<string, mixed> $options by name; a list repeats one, true has no value, null and false are left out
     * @return list<string>
     */
    public static function of(array $options): array
    {
        $arguments = [];
        foreach ($options as $name => $values) {
            foreach (is_array($values) ? $values : [$values] as $value) {
                if ($value === true) {
                    $arguments[] = "--$name";
                } elseif ($value !== null && $value !== false && $value !== '') {
                    $arguments[] = "--$name=$value";
                }
            }
        }
        return $arguments;
    }
}
