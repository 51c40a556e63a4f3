<?php

declare(strict_types=1);

namespace Zroute\Tests\MessagePack;

use Zroute\MessagePack;
use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * Others understand what we pack, and we understand them.
 */
final class PeerTest extends ProcessTestCase
{
    private const VALUES = 500;

    public function testPythonUnpacksWhatWePackAndPacksItTheSame(): void
    {
        $python = $this->python();
        foreach ($this->values() as $i => $value) {
            $packed = bin2hex(MessagePack::pack($value));
            $python->write("repack $packed\n");
            self::assertSame($packed, $python->readLine(), "value $i");
        }
    }

    public function testWeUnpackWhatPythonPacksAndPackItTheSame(): void
    {
        $python = $this->python();
        $python->write('values ' . getenv('ZROUTE_SEED') . ' ' . self::VALUES . "\n");
        for ($i = 0; $i < self::VALUES; $i++) {
            $packed = $python->readLine();
            self::assertSame($packed, bin2hex(MessagePack::pack(MessagePack::unpack(hex2bin($packed)))), "value $i");
        }
    }

    public function testTheExtensionUnpacksWhatWePack(): void
    {
        $extension = $this->extension();
        foreach ($this->values() as $i => $value) {
            $extension->write('unpack ' . bin2hex(MessagePack::pack($value)) . "\n");
            self::assertSame(self::serialized($value), hex2bin($extension->readLine()), "value $i");
        }
    }

    public function testWeUnpackWhatTheExtensionPacks(): void
    {
        $extension = $this->extension();
        foreach ($this->values() as $i => $value) {
            $extension->write('pack ' . bin2hex(self::serialized($value)) . "\n");
            $unpacked = MessagePack::unpack(hex2bin($extension->readLine()));
            self::assertSame(self::serialized($value), self::serialized($unpacked), "value $i");
        }
    }

    private function python(): ChildProcess
    {
        return $this->own(ChildProcess::python(__DIR__ . '/../peers/msgpack_peer.py'));
    }

    private function extension(): ChildProcess
    {
        return $this->own(new ChildProcess([
            PHP_BINARY, '-n', '-d', 'extension=msgpack', '-d', 'msgpack.php_only=0',
            __DIR__ . '/../peers/ext_msgpack.php',
        ]));
    }

    /** @return list<mixed> */
    private function values(): array
    {
        $random = RandomValues::ofThisRun();
        $values = [];
        for ($i = 0; $i < self::VALUES; $i++) {
            $values[] = $random->value(3);
        }
        return $values;
    }

    private static function serialized(mixed $value): string
    {
        $before = ini_set('serialize_precision', '17');
        try {
            return serialize($value);
        } finally {
            ini_set('serialize_precision', $before);
        }
    }
}
