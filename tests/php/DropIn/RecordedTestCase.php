<?php

declare(strict_types=1);

namespace Zroute\Tests\DropIn;

use ReflectionClass;
use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * The drop-in does what an extension does: the scripts in scripts/ beside the
 * test print the same with both. What they print with the extension is in
 * expected/, as `record` has left it there; where the extension is installed,
 * it prints it again.
 *
 * The scripts in scripts/own are about what the drop-in does and the extension
 * does not; they have no extension to be compared with.
 */
abstract class RecordedTestCase extends ProcessTestCase
{
    private const OWN = 'own/';
    private const DROP_IN = __DIR__ . '/../../../php/drop-in.php';

    /** The name of the extension; null where the one that was recorded is not installed. */
    abstract protected static function extension(): ?string;

    /** @return iterable<string, array{string}> */
    public static function scripts(): iterable
    {
        foreach (['', self::OWN] as $folder) {
            foreach (glob(self::beside("scripts/$folder*.php")) ?: [] as $path) {
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
        $dropIn = ['auto_prepend_file' => (string) realpath(self::DROP_IN)];
        self::assertSame($this->expected($name), $this->output($name, $dropIn));
    }

    /** @dataProvider scripts */
    public function testTheExtensionStillDoesWhatWasRecorded(string $name): void
    {
        if (str_starts_with($name, self::OWN)) {
            self::assertFileExists(self::beside("expected/$name.txt"));
            return;
        }
        $extension = static::extension();
        if ($extension === null) {
            $this->expectNotToPerformAssertions();
            return;
        }
        self::assertSame($this->expected($name), $this->output($name, ['extension' => $extension]));
    }

    /** What was recorded, as this version of PHP prints it. */
    protected function expected(string $name): string
    {
        return (string) file_get_contents(self::beside("expected/$name.txt"));
    }

    /** @param array<string, string> $settings */
    protected function output(string $name, array $settings): string
    {
        $process = $this->own(ChildProcess::php(self::beside("scripts/$name.php"), [], $settings));
        $output = str_replace(self::beside('scripts/'), '', $process->readAll());
        return "{$output}exit code {$process->wait()}\n";
    }

    private static function beside(string $path): string
    {
        return dirname((string) (new ReflectionClass(static::class))->getFileName()) . "/$path";
    }
}
