<?php

declare(strict_types=1);

namespace Zroute\Tests\DropIn\MessagePack;

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * The drop-in costs nothing until it is used, adds only what is missing, and
 * takes the settings that the extension takes.
 */
final class LoadingTest extends ProcessTestCase
{
    public function testTheLibraryIsLoadedOnFirstUse(): void
    {
        self::assertSame(
            [
                'int(1)', 'int(2)', 'bool(false)', 'bool(false)', 'bool(true)', 'bool(false)', 'string(4) "9101"',
                'bool(true)', 'object(MessagePackUnpacker)#2 (0) {', '}', 'int(3)',
            ],
            $this->lines('lazily', ['auto_prepend_file' => self::dropIn()])
        );
    }

    public function testTheExtensionStays(): void
    {
        self::assertSame(array_fill(0, 6, 'bool(true)'), $this->lines('beside', ['extension' => 'msgpack']));
    }

    public function testAnotherCopyOfItIsNotLoadedToo(): void
    {
        self::assertSame(['9101 0'], $this->lines('twice', ['auto_prepend_file' => self::dropIn()]));
    }

    public function testSettingsOfTheCommandLineHold(): void
    {
        $settings = [
            'msgpack.php_only' => 'Off', 'msgpack.use_str8_serialization' => '0', 'msgpack.error_display' => '0',
            'msgpack.force_f32' => 'yes',
        ];
        self::assertSame(
            ['93da0020' . str_repeat('61', 32) . 'ca3fc000009101', 'array(0) {', '}', 'bool(false)'],
            $this->lines('settings', $settings + ['auto_prepend_file' => self::dropIn()])
        );
    }

    private static function dropIn(): string
    {
        return dirname(__DIR__, 4) . '/php/drop-in.php';
    }

    /**
     * @param array<string, string> $settings
     * @return list<string>
     */
    private function lines(string $script, array $settings): array
    {
        $process = $this->own(ChildProcess::php(__DIR__ . "/loading/$script.php", [], $settings));
        $output = $process->readAll();
        self::assertSame(0, $process->wait(), $process->errors());
        return explode("\n", rtrim($output));
    }
}
