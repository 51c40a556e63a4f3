<?php

declare(strict_types=1);

namespace Zroute\Tests\MessagePack;

enum Suit: string
{
    case Hearts = 'H';
    case Spades = 'S';
}
