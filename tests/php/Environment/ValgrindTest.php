<?php

declare(strict_types=1);

namespace Zroute\Tests\Environment;

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * @group valgrind
 */
final class ValgrindTest extends ProcessTestCase
{
    public function testNoMemoryIsMisusedOrLost(): void
    {
        $valgrind = $this->own(new ChildProcess(
            [
                'valgrind', '--quiet', '--error-exitcode=9', '--leak-check=full', '--errors-for-leak-kinds=definite',
                '--show-leak-kinds=definite',
                PHP_BINARY, '-n', '-d', 'extension=ffi', '-d', 'pcre.jit=0', '-d', 'zend.assertions=1',
                '-d', 'assert.exception=1', __DIR__ . '/exercise.php',
            ],
            ['USE_ZEND_ALLOC' => '0', 'ZEND_DONT_UNLOAD_MODULES' => '1'],
            patience: 300.0
        ));
        self::assertSame("[true,0]\n", $valgrind->readAll(), $valgrind->errors());
        self::assertSame(0, $valgrind->wait(), $valgrind->errors());
        self::assertSame('', $valgrind->errors());
    }
}
