<?php

declare(strict_types=1);

namespace Zroute\Handler;

use function is_array;
use function is_scalar;

/**
 * What a function says of itself, read off its declaration.
 *
 * @internal
 */
final class Description
{
    /** @return array{parameters: list<array<string, mixed>>, returns: string, doc: string} */
    public static function of(\ReflectionFunctionAbstract $function): array
    {
        $parameters = [];
        foreach ($function->getParameters() as $parameter) {
            if (Given::by($parameter) === null) {
                $parameters[] = self::parameter($parameter);
            }
        }
        return [
            'parameters' => $parameters,
            'returns' => (string) ($function->getReturnType() ?? $function->getTentativeReturnType()),
            'doc' => self::text((string) $function->getDocComment()),
        ];
    }

    /** @return array<string, mixed> */
    private static function parameter(\ReflectionParameter $parameter): array
    {
        $described = [
            'name' => $parameter->getName(),
            'type' => (string) $parameter->getType(),
            'optional' => $parameter->isOptional(),
            'variadic' => $parameter->isVariadic(),
        ];
        if ($parameter->isDefaultValueAvailable()) {
            try {
                $default = $parameter->getDefaultValue();
                if (self::isPlain($default)) {
                    $described['default'] = $default;
                }
            } catch (\Throwable) {
                // It names a constant that is not there; only a call that needs it would notice.
            }
        }
        return $described;
    }

    private static function isPlain(mixed $value): bool
    {
        if (!is_array($value)) {
            return $value === null || is_scalar($value);
        }
        foreach ($value as $item) {
            if (!self::isPlain($item)) {
                return false;
            }
        }
        return true;
    }

    /** What a docblock says, without its stars. */
    private static function text(string $docblock): string
    {
        $inside = preg_replace('~^/\*+|\s*\*+/$~', '', $docblock);
        return trim((string) preg_replace('~^[ \t]*\*? ?~m', '', (string) $inside));
    }
}
