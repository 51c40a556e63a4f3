<?php

declare(strict_types=1);

namespace Zroute\Tests\DropIn\MessagePack;

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * Values by chance, objects and references among them, pack to the same bytes
 * as with the extension and come back the same; bytes by chance do no harm.
 */
final class ByChanceTest extends ProcessTestCase
{
    private const VALUES = 3000;
    private const INPUTS = 50_000;

    public function testValuesPackAndUnpackAsWithTheExtension(): void
    {
        if (!RecordedExtension::isInstalled()) {
            $this->expectNotToPerformAssertions();
            return;
        }
        $ours = $this->describe([]);
        $theirs = $this->describe(['extension' => 'msgpack']);
        $refused = 0;
        for ($i = 0; $i < self::VALUES; $i++) {
            [$expected, $line] = [$theirs->readLine(), $ours->readLine()];
            if ($line === 'refused') {
                $refused++;
                continue;
            }
            self::assertSame($expected, $line, 'seed ' . ($this->first() + $i));
        }
        self::assertLessThan(self::VALUES / 100, $refused, 'more values refused than docs/drop-in.md says');
    }

    public function testBytesBuildNoClassThatIsNotAllowed(): void
    {
        $campaign = $this->own(new ChildProcess(
            [
                PHP_BINARY, '-n', '-d', 'extension=ffi', __DIR__ . '/scripts/by_chance/campaign.php',
                (string) self::INPUTS, (string) getenv('ZROUTE_SEED'),
            ],
            [],
            120.0
        ));
        $output = $campaign->readAll();
        self::assertSame([0, ''], [$campaign->wait(), $campaign->errors()], $output);
        self::assertStringContainsString('objects of allowed classes, no other', $output);
    }

    /** @param array<string, string> $settings */
    private function describe(array $settings): ChildProcess
    {
        return $this->own(ChildProcess::php(
            __DIR__ . '/scripts/by_chance/describe.php',
            [(string) $this->first(), (string) self::VALUES],
            $settings + ['memory_limit' => '512M']
        ));
    }

    private function first(): int
    {
        return (int) getenv('ZROUTE_SEED') * 10_000;
    }
}
