<?php

declare(strict_types=1);

namespace Zroute\Tests\MessagePack;

enum Level: int implements \JsonSerializable
{
    case High = 2;

    /** @return array<string, int> */
    public function jsonSerialize(): array
    {
        return ['level' => $this->value];
    }
}
