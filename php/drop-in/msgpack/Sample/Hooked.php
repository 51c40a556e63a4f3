<?php

declare(strict_types=1);

namespace Zroute\DropIn\Sample;

/**
 * What the native library expects of a class with every hook.
 *
 * @internal
 */
final class Hooked implements \Serializable
{
    public function serialize(): ?string
    {
        return null;
    }

    public function unserialize(string $data): void
    {
    }

    public function __serialize(): array
    {
        return [];
    }

    public function __unserialize(array $data): void
    {
    }

    public function __sleep(): array
    {
        return [];
    }

    public function __destruct()
    {
    }
}
