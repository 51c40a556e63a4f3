<?php

declare(strict_types=1);

namespace Zroute\Tests\DropIn\Zmq;

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * The drop-in costs nothing until it is used, adds only what is missing, and
 * keeps nothing of what has gone.
 */
final class LoadingTest extends ProcessTestCase
{
    public function testTheLibraryIsLoadedOnFirstUse(): void
    {
        self::assertSame(
            // The two objects, no class yet; the drop-in's map, zmq.php, msgpack.php with its functions,
            // and this script; constants and classes.
            [1, 2, false, 5, 3, true, true, true, 'object(ZMQPoll)#2 (0) {', '}', false, true, true, 2],
            $this->values('lazily')
        );
    }

    public function testClassesOfTheExtensionStay(): void
    {
        self::assertSame(
            [true, true, true, 'ZMQCertException'],
            $this->values('beside', ['extension' => 'zmq'])
        );
    }

    public function testWithoutFfiTheFirstUseSaysSoAndTheProgramGoesOn(): void
    {
        $dropIn = dirname(__DIR__, 4) . '/php/drop-in.php';
        $script = __DIR__ . '/loading/without_ffi.php';
        $process = $this->own(new ChildProcess([PHP_BINARY, '-n', '-d', "auto_prepend_file=$dropIn", $script]));
        $why = "Zroute needs PHP's FFI extension";
        self::assertMatchesRegularExpression("/^$why.*\n$why.*\nend\n$/", $process->readAll());
        self::assertSame(0, $process->wait(), $process->errors());
    }

    public function testKeepsNothing(): void
    {
        self::assertSame(
            ['memory: as before', 'descriptors: 0', 'object: of a low number'],
            $this->values('repeatedly')
        );
    }

    /**
     * @param array<string, string> $settings
     * @return list<mixed> what a script has shown with var_dump, or else its lines
     */
    private function values(string $script, array $settings = []): array
    {
        $path = __DIR__ . "/loading/$script.php";
        $command = [PHP_BINARY, '-n', '-d', 'extension=ffi'];
        foreach ($settings + ['auto_prepend_file' => dirname(__DIR__, 4) . '/php/drop-in.php'] as $name => $value) {
            array_push($command, '-d', "$name=$value");
        }
        $process = $this->own(new ChildProcess([...$command, $path]));
        $lines = explode("\n", trim($process->readAll()));
        self::assertSame(0, $process->wait(), implode("\n", $lines) . $process->errors());
        return array_map(static fn (string $line): mixed => match (true) {
            preg_match('/^int\((\d+)\)$/', $line, $match) === 1 => (int) $match[1],
            preg_match('/^bool\((\w+)\)$/', $line, $match) === 1 => $match[1] === 'true',
            default => $line,
        }, $lines);
    }
}
