<?php

declare(strict_types=1);

namespace Zroute\Tests\Environment;

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * The short form of `make soak`.
 */
final class MemoryTest extends ProcessTestCase
{
    public function testNeitherSideGrowsWithItsCalls(): void
    {
        $soak = $this->own(ChildProcess::php(__DIR__ . '/../soak.php', ['50000']));
        $result = $soak->readAll();
        self::assertSame(0, $soak->wait(), $result . $soak->errors());
        self::assertStringContainsString('50000 calls', $result);
    }
}
