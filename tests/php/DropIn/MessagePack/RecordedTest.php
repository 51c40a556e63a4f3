<?php

declare(strict_types=1);

namespace Zroute\Tests\DropIn\MessagePack;

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * The drop-in does what the extension does: scripts print the same with
 * both. What they print with the extension is in expected/, as `record` has
 * left it there; where the extension is installed, it prints it again.
 *
 * The scripts in scripts/own are about what the extension has not, and about
 * what it does otherwise; docs/drop-in.md says why.
 */
final class RecordedTest extends ProcessTestCase
{
    private const OWN = 'own/';

    /** @return iterable<string, array{string}> */
    public static function scripts(): iterable
    {
        foreach (['', self::OWN] as $folder) {
            foreach (glob(__DIR__ . "/scripts/$folder*.php") ?: [] as $path) {
                $name = $folder . basename($path, '.php');
                if ($name !== 'tell') {
                    yield $name => [$name];
                }
            }
        }
    }

    /** @dataProvider scripts */
    public function testTheDropInDoesWhatTheExtensionDoes(string $name): void
    {
        $dropIn = ['auto_prepend_file' => dirname(__DIR__, 4) . '/php/drop-in.php'];
        self::assertSame(self::expected($name), $this->output($name, $dropIn));
    }

    /** @dataProvider scripts */
    public function testTheExtensionStillDoesWhatWasRecorded(string $name): void
    {
        if (str_starts_with($name, self::OWN)) {
            self::assertFileExists(__DIR__ . "/expected/$name.txt");
            return;
        }
        self::assertSame(self::expected($name), $this->output($name, ['extension' => 'msgpack']));
    }

    private static function expected(string $name): string
    {
        return (string) file_get_contents(__DIR__ . "/expected/$name.txt");
    }

    /** @param array<string, string> $settings */
    private function output(string $name, array $settings): string
    {
        $process = $this->own(ChildProcess::php(__DIR__ . "/scripts/$name.php", [], $settings));
        $output = str_replace(__DIR__ . '/scripts/', '', $process->readAll());
        return "{$output}exit code {$process->wait()}\n";
    }
}
