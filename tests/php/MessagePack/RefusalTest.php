<?php

declare(strict_types=1);

namespace Zroute\Tests\MessagePack;

use PHPUnit\Framework\TestCase;
use Zroute\Exception\InvalidMessage;
use Zroute\MessagePack;

/**
 * Bytes that are no value for PHP get an exception and nothing else.
 */
final class RefusalTest extends TestCase
{
    /** @return iterable<string, array{string, string}> */
    public static function wrong(): iterable
    {
        yield 'nothing' => ['', 'found no bytes'];
        yield 'the reserved byte' => ["\xc1", 'reserved byte 0xc1'];
        yield 'the reserved byte inside' => ["\x92\x01\xc1", 'at byte 2'];
        yield 'a byte behind' => ["\x01\x02", 'to end at byte 1, found 1 more byte'];
        yield 'bytes behind' => ["\x90\x02\x03", 'found 2 more bytes'];
        foreach (['d4', 'd5', 'd6', 'd7', 'd8'] as $i => $marker) {
            yield "an extension, $marker" => [hex2bin($marker) . "\x05" . str_repeat("\0", 1 << $i), 'extension'];
        }
        yield 'an extension of 8 bits' => ["\xc7\x01\x05\0", 'extension'];
        yield 'an extension of 16 bits' => ["\xc8\0\x01\x05\0", 'extension'];
        yield 'an extension of 32 bits' => ["\xc9\0\0\0\x01\x05\0", 'extension'];
        yield 'a timestamp' => ["\xd6\xff\0\0\0\0", 'extension'];
        yield 'an extension inside' => ["\x91\xd4\x05\0", 'at byte 1'];
        foreach (
            ['nil' => 'c0', 'false' => 'c2', 'float' => 'cb3ff0000000000000', 'array' => '90', 'map' => '80',
            'extension' => 'd40500'] as $type => $key
        ) {
            yield "a key that is $type" => ["\x81" . hex2bin($key) . "\x01", 'key'];
        }
        yield 'a key that names a class' => ["\x82\xc0\xa8stdClass\xa1a\x01", 'key'];
        yield 'the markers alone' => ["\xdd", 'past the end'];
        yield '100,000 levels of arrays' => [str_repeat("\x91", 100_000) . "\xc0", '128 levels'];
        yield '100,000 levels of maps' => [str_repeat("\x81\x01", 100_000) . "\xc0", '128 levels'];
        yield 'more than 16 MiB' => ["\xc6" . pack('N', 17 << 20) . str_repeat('x', 17 << 20), 'are more than the'];
        yield 'more than a million values' => ["\xdd" . pack('N', 2 << 20) . str_repeat("\xc0", 2 << 20), 'more than'];
    }

    /** @dataProvider wrong */
    public function testBytesAreRefusedWithTheReason(string $bytes, string $text): void
    {
        $this->expectException(InvalidMessage::class);
        $this->expectExceptionMessage($text);
        MessagePack::unpack($bytes);
    }

    public function testEveryTruncationIsRefused(): void
    {
        $values = [
            1000, 70000, PHP_INT_MAX, -1000, 1.5, 'text', str_repeat('x', 300), "\xff\xfe", [1, [2, 'three']],
            ['a' => 1, 'b' => ['c' => [null, true]]], range(0, 300), array_fill(5, 40, 'x'),
        ];
        $refused = 0;
        foreach ([...$values, $values] as $value) {
            $packed = MessagePack::pack($value);
            for ($length = 0; $length < strlen($packed); $length++) {
                try {
                    MessagePack::unpack(substr($packed, 0, $length));
                    self::fail(bin2hex($packed) . " cut at $length was taken");
                } catch (InvalidMessage) {
                    $refused++;
                }
            }
        }
        self::assertGreaterThan(1000, $refused);
    }

    public function testNothingIsAllocatedOnAClaim(): void
    {
        foreach (['c6', 'c9', 'db', 'dd', 'df'] as $marker) {
            foreach (["\xff\xff\xff\xff", "\x7f\xff\xff\xff", "\x00\xff\xff\xff"] as $claim) {
                foreach (['', str_repeat("\xc0", 1000)] as $rest) {
                    memory_reset_peak_usage();
                    $before = memory_get_usage();
                    try {
                        MessagePack::unpack(hex2bin($marker) . $claim . $rest);
                        self::fail('it was taken');
                    } catch (InvalidMessage) {
                        self::assertLessThan($before + 100_000, memory_get_peak_usage());
                    }
                }
            }
        }
    }

    public function testArraysThatOnlyClaimTheirEntriesAreRefused(): void
    {
        $this->expectException(InvalidMessage::class);
        MessagePack::unpack(str_repeat("\xdd\x00\x0f\xff\xff", 100));
    }

    public function testNoClassIsEverLookedFor(): void
    {
        $asked = [];
        $spy = static function (string $class) use (&$asked): void {
            if (str_starts_with($class, 'Named')) {
                $asked[] = $class;
            }
        };
        spl_autoload_register($spy);
        try {
            $name = 'NamedByTheWire';
            $length = strlen($name);
            $attempts = [
                "\x82\xc0" . chr(0xa0 | $length) . $name . "\xa1a\x01",
                "\x82\xc0\x01" . chr(0xa0 | $length) . $name . "\xa1a\x01",
                MessagePack::pack("O:$length:\"$name\":0:{}"),
                MessagePack::pack(["\";O:$length:\"$name\":0:{}" => "\";}O:$length:\"$name\":0:{}"]),
                "\xc7" . chr($length + 1) . "\x45\xc0" . $name,
            ];
            foreach ($attempts as $bytes) {
                try {
                    $value = [MessagePack::unpack($bytes)];
                    array_walk_recursive($value, static fn (mixed $leaf) => self::assertIsNotObject($leaf));
                } catch (InvalidMessage) {
                }
            }
            self::assertSame([], $asked);
        } finally {
            spl_autoload_unregister($spy);
        }
    }

    public function testKeysChosenToCollideAreRefused(): void
    {
        $numbers = $texts = '';
        $count = 1 << 14;
        for ($i = 0; $i < $count; $i++) {
            $numbers .= "\xcf" . pack('J', $i << 32) . "\xc0";
            // "Ez" and "FY" have one hash.
            $texts .= "\xbc" . strtr(sprintf('%014b', $i), ['0' => 'Ez', '1' => 'FY']) . "\xc0";
        }
        foreach ([$numbers, $texts] as $keys) {
            try {
                MessagePack::unpack("\xde" . pack('n', $count) . $keys);
                self::fail('it was taken');
            } catch (InvalidMessage $e) {
                self::assertStringContainsString('collide', $e->getMessage());
            }
        }
    }

    public function testKeysByChanceAreNoAttack(): void
    {
        mt_srand((int) getenv('ZROUTE_SEED'));
        $map = [];
        for ($i = 0; $i < 50_000; $i++) {
            $map[mt_rand(0, 1) === 0 ? mt_rand() * 1024 : 'key ' . mt_rand()] = null;
        }
        self::assertTrue(MessagePack::unpack(MessagePack::pack($map)) === $map);
    }

    public function testRandomBytesGiveAValueOrAnInvalidMessage(): void
    {
        $random = RandomValues::ofThisRun();
        $values = 0;
        for ($i = 0; $i < 10_000; $i++) {
            $bytes = $random->bytes($i % 2 === 0 ? '' : MessagePack::pack($random->value(2)));
            try {
                $value = MessagePack::unpack($bytes);
                $values++;
            } catch (InvalidMessage $e) {
                self::assertNotSame('', $e->getMessage());
                continue;
            }
            $again = MessagePack::unpack(MessagePack::pack($value));
            self::assertSame(serialize($value), serialize($again), bin2hex($bytes));
        }
        self::assertGreaterThan(100, $values);
        self::assertLessThan(9900, $values);
    }
}
