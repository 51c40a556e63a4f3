<?php

declare(strict_types=1);

namespace Zroute\Tests\MessagePack;

enum Direction
{
    case Up;
}
