<?php

declare(strict_types=1);

namespace Zroute\Tests\DropIn\Zmq;

use Zroute\Tests\DropIn\RecordedTestCase;

/**
 * Beside ext-zmq. The scripts in scripts/own are about what Debian's build of
 * it has not, or does wrong.
 */
final class RecordedTest extends RecordedTestCase
{
    protected static function extension(): string
    {
        return 'zmq';
    }
}
