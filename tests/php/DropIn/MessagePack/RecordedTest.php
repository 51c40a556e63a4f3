<?php

declare(strict_types=1);

namespace Zroute\Tests\DropIn\MessagePack;

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * The drop-in does what the extension does: scripts print the same with
 * both. What they print with the extension is in expected/, as `record` has
 * left it there by PHP 8.2; where that extension is installed, it prints it
 * again.
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
        if (!RecordedExtension::isInstalled()) {
            $this->expectNotToPerformAssertions();
            return;
        }
        self::assertSame(self::expected($name), $this->output($name, ['extension' => 'msgpack']));
    }

    private static function expected(string $name): string
    {
        $recorded = (string) file_get_contents(__DIR__ . "/expected/$name.txt");
        return PHP_VERSION_ID < 80200 ? self::asInPhp81($recorded) : $recorded;
    }

    /** @param array<string, string> $settings */
    private function output(string $name, array $settings): string
    {
        $process = $this->own(ChildProcess::php(__DIR__ . "/scripts/$name.php", [], $settings));
        $output = str_replace(__DIR__ . '/scripts/', '', $process->readAll());
        // The extension gives a Serializable class one byte too many, of which PHP tells since 8.3.
        $extra = '/\[warning: unserialize\(\): Extra data starting at offset \d+ of \d+ bytes\] /';
        $output = preg_replace($extra, '', $output);
        return "{$output}exit code {$process->wait()}\n";
    }

    /** There new properties are not deprecated, and a date has no __serialize(). */
    private static function asInPhp81(string $recorded): string
    {
        $recorded = preg_replace(
            '/\[level 8192: Creation of dynamic property \S+ is deprecated\] /',
            '',
            $recorded
        );
        return str_replace('string(146) "82c0a84461746554696d65c083', 'string(142) "84c0a84461746554696d65', $recorded);
    }
}
