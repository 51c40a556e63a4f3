<?php

declare(strict_types=1);

// Both bridges take and give the same: a table, random values, random bytes. So does the msgpack extension, if loaded.
// Arguments: how many random values, how many random bytes, a seed. `make campaign-values` runs millions.

require __DIR__ . '/both.php';
require __DIR__ . '/random_value.php';

use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidValue;

[, $values, $messages, $seed] = $argv + [1 => '10000', '100000', '1'];

check(slot()->name() === 'slot' && serialized()->name() === 'serialize', 'both bridges are here');

// A value of every type, and its bytes.
$five = 5;
$table = [
    'null' => [null, "\xc0"],
    'false' => [false, "\xc2"],
    'true' => [true, "\xc3"],
    'int 0' => [0, "\x00"],
    'int -32' => [-32, "\xe0"],
    'int -33' => [-33, "\xd0\xdf"],
    'int 128' => [128, "\xcc\x80"],
    'the largest int' => [PHP_INT_MAX, "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"],
    'the smallest int' => [PHP_INT_MIN, "\xd3\x80\0\0\0\0\0\0\0"],
    'float' => [0.1, "\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"],
    'float without a fraction' => [1.0, "\xcb\x3f\xf0\0\0\0\0\0\0"],
    'minus zero' => [-0.0, "\xcb\x80\0\0\0\0\0\0\0"],
    'infinity' => [INF, "\xcb\x7f\xf0\0\0\0\0\0\0"],
    'empty string' => ['', "\xa0"],
    'string of one byte' => ['a', "\xa1a"],
    'string of one byte that is no text' => ["\xff", "\xc4\x01\xff"],
    'made at run time' => [str_repeat('ab', 2), "\xa4abab"],
    'bytes' => ["a\xff", "\xc4\x02a\xff"],
    'with a NUL' => ["a\0b", "\xa3a\0b"],
    'empty array' => [[], "\x90"],
    'list' => [[1, 'x', [true]], "\x93\x01\xa1x\x91\xc3"],
    'list made at run time' => [range(1, 3), "\x93\x01\x02\x03"],
    'list in a hash table' => [array_filter(['a' => 0, 0 => 1, 1 => 2]), "\x92\x01\x02"],
    'map' => [['a' => 1, 'b' => [], 3 => null], "\x83\xa1a\x01\xa1b\x90\x03\xc0"],
    'map from 1' => [[1 => 'x'], "\x81\x01\xa1x"],
    'the other way round' => [[1 => 1, 0 => 0], "\x82\x01\x01\x00\x00"],
    'key of bytes' => [["\xff" => 1], "\x81\xc4\x01\xff\x01"],
    'empty record' => [new stdClass(), "\x80"],
    'record' => [(object) ['a' => [], '1' => 2], "\x82\xa1a\x90\xa11\x02"],
    'references' => [[&$five, &$five], "\x92\x05\x05"],
    'backed enum' => [Suit::Clubs, "\xa5clubs"],
    'JsonSerializable inside' => [[new Point(1)], "\x91\x81\xa5inner\x01"],
    'date' => [new DateTime('2024-02-29 01:02:03 UTC'), "\xd9\x202024-02-29T01:02:03.000000+00:00"],
    'traversable' => [new ArrayIterator([1]), "\x91\x01"],
];
unset($table['references'][0][1]);
$table['references'][0][1] = &$five;
foreach ($table as $name => [$value, $packed]) {
    check(slot()->pack($value) === $packed, "$name is packed");
    packsAlike($value, $name);
    unpacksAlike($packed, $name);
}

// What only comes from the wire.
foreach (
    [
        'unsigned above an int' => ["\xcf\x80\0\0\0\0\0\0\0", '9223372036854775808'],
        'the largest unsigned' => ["\xcf\xff\xff\xff\xff\xff\xff\xff\xff", '18446744073709551615'],
        'as a key' => ["\x81\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01", ['18446744073709551615' => 1]],
        'float of 32 bits' => ["\xca\x3d\xcc\xcc\xcd", 0.10000000149011612],
        'int in 64 bits' => ["\xd3\0\0\0\0\0\0\0\x01", 1],
        'empty map' => ["\x80", []],
        'key of digits' => ["\x82\xa17\x01\xa207\x02", [7 => 1, '07' => 2]],
        'the last of two keys wins' => ["\x83\xa1a\x91\x01\xa1b\x02\xa1a\x91\x03", ['a' => [3], 'b' => 2]],
        'an int and its digits are one key' => ["\x82\x05\xa3one\xa15\xa3two", [5 => 'two']],
    ] as $name => [$packed, $value]
) {
    check(same(slot()->unpack($packed), $value), "$name is unpacked");
    unpacksAlike($packed, $name);
}

// What is refused.
$loop = [1];
$loop[] = &$loop;
$record = new stdClass();
$record->self = $record;
$twice = (object) ['x' => 1];
$deep = [];
$deeper = static function (int $levels): array {
    $value = [];
    for ($i = 1; $i < $levels; $i++) {
        $value = [$value];
    }
    return $value;
};
$large = str_repeat('x', 1 << 20);
foreach (
    [
        'object' => [new Secret()],
        'enum without a value' => [[Bare::One]],
        'closure' => [static fn () => 1],
        'resource' => [[STDERR]],
        'bare resource' => [STDERR],
        'array that holds itself' => [$loop],
        'record that holds itself' => [$record],
        'deep' => [$deeper(129)],
        'deep below a reference' => [[&$deep, $deeper(128)]],
        'large' => [array_fill(0, 17, $large)],
    ] as $name => [$value]
) {
    packsAlike($value, $name);
    check(outcome(static fn () => slot()->pack($value))[0] === InvalidValue::class, "$name is refused");
}
// Nothing that holds itself is left for the end of the process.
$loop[1] = null;
$record->self = null;
packsAlike([$twice, $twice], 'one object at two places');
packsAlike($deeper(128), 'as deep as allowed');
packsAlike(array_fill(0, 15, $large), 'as large as allowed');
packsAlike(array_fill(0, 1 << 20, null), 'as many as allowed');
packsAlike(array_fill(0, (1 << 20) + 1, null), 'one more');
packsAlike(array_fill(1, 1 << 19, null), 'pairs, as many as allowed');
packsAlike(array_fill(1, (1 << 19) + 1, null), 'one pair more');
packsAlike($GLOBALS['table']['map'], 'part of the globals');
packsAlike((static fn () => get_defined_vars())(), 'no variables');

$collide = static function (int $count): string {
    $keys = '';
    for ($i = 0; $i < $count; $i++) {
        $keys .= "\xce" . pack('N', $i << 14) . "\xc0";
    }
    return "\xde" . pack('n', $count) . $keys;
};
foreach (
    [
        'nothing' => '',
        'a reserved byte' => "\xc1",
        'two values' => "\xc0\xc0",
        'a cut' => "\xa5abc",
        'a claim' => "\xdd\xff\xff\xff\xff",
        'an extension' => "\x92\x01\xd4\x05\x00",
        'a key that is null' => "\x81\xc0\x01",
        'a key that is a float' => "\x81\xca\0\0\0\0\x01",
        'a key that is an array' => "\x81\x90\x01",
        'a key that is true' => "\x82\xa1a\x01\xc3\x01",
        'deep' => str_repeat("\x91", 129) . "\xc0",
        'keys that collide' => $collide(4000),
    ] as $name => $packed
) {
    unpacksAlike($packed, $name);
    check(outcome(static fn () => slot()->unpack($packed))[0] === InvalidMessage::class, "$name is refused");
}
unpacksAlike($collide(100), 'few keys that collide');
unpacksAlike(str_repeat("\x91", 128) . "\xc0", 'as deep as allowed');
unpacksAlike("\xdd" . pack('N', 100_000) . str_repeat("\xa1a", 100_000), 'a long list');

if (PHP_VERSION_ID >= 80400) {
    // No stdClass object is ever lazy: its class declares nothing that could be.
    $class = new ReflectionClass(stdClass::class);
    $lazy = [$class->newLazyGhost(static fn () => null), $class->newLazyProxy(static fn () => new stdClass())];
    check(slot()->pack($lazy) === "\x92\x80\x80", 'a lazy object is a plain one');
    packsAlike($lazy, 'lazy objects');
}

// A float that is not a number keeps its bits, in the slot alone.
foreach (['7ff8000000000001', 'fff8000000000000', '7ff4deadbeef0001'] as $bits) {
    check(bin2hex(pack('E', slot()->unpack("\xcb" . hex2bin($bits)))) === $bits, "NAN $bits is unpacked");
    check(slot()->pack(unpack('E', hex2bin($bits))[1]) === "\xcb" . hex2bin($bits), "NAN $bits is packed");
}

// Random values, and what becomes of their bytes.
mt_srand((int) $seed);
$corpus = [];
foreach ([new RandomValue(false), new RandomValue(true)] as $maker) {
    for ($i = 0; $i < (int) $values / 2; $i++) {
        $value = $maker->next();
        packsAlike($value, "random value $i");
        $packed = outcome(static fn () => slot()->pack($value));
        if ($packed[0] === 'value') {
            unpacksAlike($packed[1], "random value $i");
            extensionAgrees($packed[1], "random value $i");
            if (strlen($packed[1]) < 500) {
                $corpus[$i % 20_000] = $packed[1];
            }
        }
    }
}

$corpus = array_values($corpus);
for ($i = 0; $i < (int) $messages; $i++) {
    if ($i % 4 === 0) {
        $packed = random(mt_rand(0, 40));
    } else {
        $packed = $corpus[mt_rand(0, count($corpus) - 1)];
        for ($times = mt_rand(1, 4); $times > 0; $times--) {
            $at = mt_rand(0, strlen($packed));
            $packed = match (mt_rand(0, 3)) {
                0 => substr_replace($packed, chr(mt_rand(0, 255)), $at, 1),
                1 => substr($packed, 0, $at),
                2 => substr_replace($packed, random(mt_rand(1, 3)), $at, 0),
                3 => substr_replace($packed, chr(mt_rand(0x80, 0xdf)), $at, 1),
            };
        }
    }
    unpacksAlike($packed, "random bytes $i");
}
done();
