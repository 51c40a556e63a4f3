<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

/**
 * What a framework's base class would be: its methods are no functions.
 */
abstract class Machine
{
    public function shutDown(): string
    {
        return 'down';
    }
}
