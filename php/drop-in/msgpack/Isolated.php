<?php

declare(strict_types=1);

namespace Zroute\DropIn;

/**
 * serialize() and unserialize() that share nothing with those which a class
 * calls in its Serializable methods.
 *
 * Else PHP numbers values and objects through all of them, and what such a class
 * wrote would make sense inside the outer text only. It begins anew inside of
 * __serialize() and __unserialize().
 *
 * @internal
 */
final class Isolated
{
    /** @var array{string, array<string, mixed>}|null */
    private static ?array $text = null;
    private static mixed $result = null;

    private function __construct(private readonly mixed $value)
    {
    }

    public static function serialize(mixed $value): string
    {
        serialize(new self($value));
        $result = self::$result;
        self::$result = null;
        return $result;
    }

    /** @param array<string, mixed> $options */
    public static function unserialize(string $text, array $options): mixed
    {
        self::$text = [$text, $options];
        unserialize('O:' . strlen(self::class) . ':"' . self::class . '":0:{}', ['allowed_classes' => [self::class]]);
        $result = self::$result;
        self::$result = null;
        return $result;
    }

    /** @return array{} */
    public function __serialize(): array
    {
        self::$result = serialize($this->value);
        return [];
    }

    /** @param array<mixed> $data */
    public function __unserialize(array $data): void
    {
        // Bytes may name this class, where any is allowed.
        if (self::$text === null) {
            return;
        }
        [$text, $options] = self::$text;
        self::$text = null;
        self::$result = unserialize($text, $options);
    }
}
