<?php

declare(strict_types=1);

namespace Zroute\Tests\MessagePack;

use PHPUnit\Framework\TestCase;
use Zroute\MessagePack;

/**
 * What goes in comes out, and in the shortest form between.
 */
final class RoundTripTest extends TestCase
{
    /** @return iterable<string, array{mixed, string}> */
    public static function forms(): iterable
    {
        yield 'null' => [null, 'c0'];
        yield 'false' => [false, 'c2'];
        yield 'true' => [true, 'c3'];
        $integers = [
            0 => '00', 1 => '01', 127 => '7f', 128 => 'cc80', 255 => 'ccff', 256 => 'cd0100', 65535 => 'cdffff',
            65536 => 'ce00010000', 4294967295 => 'ceffffffff', 4294967296 => 'cf0000000100000000',
            PHP_INT_MAX => 'cf7fffffffffffffff', -1 => 'ff', -32 => 'e0', -33 => 'd0df', -128 => 'd080',
            -129 => 'd1ff7f', -32768 => 'd18000', -32769 => 'd2ffff7fff', -2147483648 => 'd280000000',
            -2147483649 => 'd3ffffffff7fffffff', PHP_INT_MIN => 'd38000000000000000',
        ];
        foreach ($integers as $value => $packed) {
            yield "int $value" => [$value, $packed];
        }
        yield 'float 0' => [0.0, 'cb0000000000000000'];
        yield 'float -0' => [-0.0, 'cb8000000000000000'];
        yield 'float 1' => [1.0, 'cb3ff0000000000000'];
        yield 'float 0.1' => [0.1, 'cb3fb999999999999a'];
        yield 'the largest float' => [PHP_FLOAT_MAX, 'cb7fefffffffffffff'];
        yield 'the smallest normal float' => [PHP_FLOAT_MIN, 'cb0010000000000000'];
        yield 'the smallest float' => [4.9406564584124654e-324, 'cb0000000000000001'];
        yield 'infinity' => [INF, 'cb7ff0000000000000'];
        yield 'negative infinity' => [-INF, 'cbfff0000000000000'];
        yield 'an empty string' => ['', 'a0'];
        yield 'text' => ['abc', 'a3616263'];
        yield 'UTF-8' => ['ž€𝄞', 'a9c5bee282acf09d849e'];
        yield 'a NUL' => ["\0", 'a100'];
        yield 'no UTF-8' => ["\xff", 'c401ff'];
        yield 'half a letter' => ["a\xc5", 'c40261c5'];
        yield 'a surrogate' => ["\xed\xa0\x80", 'c403eda080'];
        yield 'an overlong letter' => ["\xc0\xaf", 'c402c0af'];
        yield 'digits' => ['123', 'a3313233'];
        yield 'what serialize() writes' => ['O:8:"stdClass":0:{}', 'b34f3a383a22737464436c617373223a303a7b7d'];
        yield 'an empty array' => [[], '90'];
        yield 'a list' => [[1, [2, [3]]], '920192029103'];
        yield 'a list with null' => [[null], '91c0'];
        yield 'a list with 0' => [[0], '9100'];
        yield 'a map' => [['a' => 1], '81a16101'];
        yield 'a map with an empty key' => [['' => 1], '81a001'];
        yield 'a map with a binary key' => [["\xff" => 1], '81c401ff01'];
        yield 'a map with numbers as keys' => [[1 => 'a', -5 => 'b'], '8201a161fba162'];
        yield 'a list that begins at 1' => [[1 => 'a', 2 => 'b'], '8201a16102a162'];
        yield 'a list out of order' => [[1 => 'b', 0 => 'a'], '8201a16200a161'];
        yield 'a list with a gap' => [[0 => 'a', 2 => 'b'], '8200a16102a162'];
        yield 'a list with a name behind' => [[5, 6, 'a' => 7], '8300050106a16107'];
    }

    /** @dataProvider forms */
    public function testAValueHasItsForm(mixed $value, string $packed): void
    {
        self::assertSame($packed, bin2hex(MessagePack::pack($value)));
        $unpacked = MessagePack::unpack(hex2bin($packed));
        self::assertSame(serialize($value), serialize($unpacked));
        // The same inside others.
        self::assertSame("92{$packed}81a178{$packed}", bin2hex(MessagePack::pack([$value, ['x' => $value]])));
        self::assertSame(serialize([$value, 0]), serialize(MessagePack::unpack(MessagePack::pack([$value, 0]))));
    }

    public function testNanStaysNan(): void
    {
        self::assertSame('cb7ff8000000000000', bin2hex(MessagePack::pack(NAN)));
        foreach (['cb7ff8000000000000', 'cbfff8000000000001', 'ca7fc00000'] as $packed) {
            self::assertNan(MessagePack::unpack(hex2bin($packed)));
        }
    }

    public function testEachLengthHasItsHeader(): void
    {
        $headers = [
            0 => ['a0', null, '90', null], 1 => ['a1', 'c401', '91', '81'], 15 => ['af', 'c40f', '9f', '8f'],
            16 => ['b0', 'c410', 'dc0010', 'de0010'], 31 => ['bf', 'c41f', 'dc001f', 'de001f'],
            32 => ['d920', 'c420', 'dc0020', 'de0020'], 255 => ['d9ff', 'c4ff', 'dc00ff', 'de00ff'],
            256 => ['da0100', 'c50100', 'dc0100', 'de0100'], 65535 => ['daffff', 'c5ffff', 'dcffff', 'deffff'],
            65536 => ['db00010000', 'c600010000', 'dd00010000', 'df00010000'],
        ];
        foreach ($headers as $length => [$text, $binary, $list, $map]) {
            $values = [
                [str_repeat('x', $length), $text],
                [str_repeat("\xff", $length), $binary],
                [$length === 0 ? [] : array_fill(0, $length, null), $list],
                [$length === 0 ? [] : array_fill(1, $length, null), $map],
            ];
            foreach ($values as [$value, $header]) {
                if ($header !== null) {
                    $packed = MessagePack::pack($value);
                    self::assertSame($header, bin2hex(substr($packed, 0, strlen($header) / 2)));
                    self::assertTrue(MessagePack::unpack($packed) === $value);
                }
            }
        }
    }

    public function testAnEmptyObjectIsAMapAndComesBackAsAnArray(): void
    {
        self::assertSame('80', bin2hex(MessagePack::pack(new \stdClass())));
        self::assertSame('9180', bin2hex(MessagePack::pack([new \stdClass()])));
        self::assertSame([], MessagePack::unpack("\x80"));
    }

    public function testALongerFormThanNeededIsReadAllTheSame(): void
    {
        $forms = [
            'cc01' => 1, 'cd0001' => 1, 'ce00000001' => 1, 'cf0000000000000001' => 1, 'd001' => 1, 'd10001' => 1,
            'd200000001' => 1, 'd30000000000000001' => 1, 'd3ffffffffffffffff' => -1, 'ca3fc00000' => 1.5,
            'd90161' => 'a', 'da000161' => 'a', 'db0000000161' => 'a', 'c50001ff' => "\xff", 'c600000001ff' => "\xff",
            'c40161' => 'a', 'dc000101' => [1], 'dd0000000101' => [1], 'de00010102' => [1 => 2],
            'df000000010102' => [1 => 2],
        ];
        foreach ($forms as $packed => $value) {
            self::assertSame($value, MessagePack::unpack(hex2bin((string) $packed)), (string) $packed);
        }
    }

    public function testIntegersBeyondPhpBecomeTheirDigits(): void
    {
        self::assertSame('9223372036854775808', MessagePack::unpack("\xcf\x80\0\0\0\0\0\0\0"));
        self::assertSame('18446744073709551615', MessagePack::unpack("\xcf" . str_repeat("\xff", 8)));
        self::assertSame(
            ['18446744073709551615' => ['18446744073709551615']],
            MessagePack::unpack("\x81\xcf" . str_repeat("\xff", 8) . "\x91\xcf" . str_repeat("\xff", 8))
        );
    }

    public function testKeysBecomeWhatPhpMakesOfThem(): void
    {
        self::assertSame([5 => 1], MessagePack::unpack("\x81\xa1\x35\x01"), 'digits become an integer');
        self::assertSame(['05' => 1], MessagePack::unpack("\x81\xa2\x30\x35\x01"));
        self::assertSame([5 => 2], MessagePack::unpack("\x82\xa1\x35\x01\x05\x02"), 'the last of two stays');
        self::assertSame(['a' => 2], MessagePack::unpack("\x82\xa1a\x01\xa1a\x02"));
        self::assertSame('8105c0', bin2hex(MessagePack::pack(['5' => null])));
        self::assertSame('81a135c0', bin2hex(MessagePack::pack((object) ['5' => null])), 'an object keeps the text');
    }

    public function testFloatsKeepEveryBit(): void
    {
        $random = RandomValues::ofThisRun();
        $floats = [];
        for ($i = 0; $i < 1000; $i++) {
            $floats[] = $random->float();
        }
        $bits = static fn (array $floats): string => bin2hex(pack('E*', ...$floats));
        foreach (['17', '-1', '5', '0', '100'] as $precision) {
            $before = ini_set('serialize_precision', $precision);
            try {
                self::assertSame($bits($floats), $bits(MessagePack::unpack(MessagePack::pack($floats))));
                self::assertSame('cb3fb999999999999a', bin2hex(MessagePack::pack(0.1)), $precision);
                self::assertSame($precision, ini_get('serialize_precision'), 'it is as it was');
            } finally {
                ini_set('serialize_precision', $before);
            }
        }
    }

    public function testRandomValuesComeBack(): void
    {
        $random = RandomValues::ofThisRun();
        for ($i = 0; $i < 3000; $i++) {
            $value = $random->value();
            $packed = MessagePack::pack($value);
            $unpacked = MessagePack::unpack($packed);
            self::assertSame(serialize($value), serialize($unpacked), "value $i");
            self::assertSame($packed, MessagePack::pack($unpacked), "value $i");
        }
    }

    public function testNestingGoesTo128Levels(): void
    {
        foreach ([null, 0, new \ArrayObject([1])] as $innermost) {
            $value = $innermost instanceof \ArrayObject ? $innermost : [$innermost];
            for ($i = 1; $i < 128; $i++) {
                $value = [$value];
            }
            $unpacked = MessagePack::unpack(MessagePack::pack($value));
            for ($i = 0; $i < 127; $i++) {
                $unpacked = $unpacked[0];
            }
            self::assertSame($innermost instanceof \ArrayObject ? [1] : [$innermost], $unpacked);
            try {
                MessagePack::pack([$value]);
                self::fail('129 levels were taken');
            } catch (\Zroute\Exception\InvalidValue $e) {
                self::assertStringContainsString('128 levels', $e->getMessage());
            }
        }
    }

    public function testALowUnserializeDepthDoesNotMatter(): void
    {
        $before = ini_set('unserialize_max_depth', '5');
        try {
            $value = [[[[[[[[[[1]]]]]]]]]];
            self::assertSame($value, MessagePack::unpack(MessagePack::pack($value)));
        } finally {
            ini_set('unserialize_max_depth', $before);
        }
    }
}
