<?php

// Bytes by chance, and packed values changed by chance, for msgpack_unpack() and MessagePackUnpacker, with and without
// allowed classes: nothing may crash, and no class may be built or looked for that is not allowed.
//
//     php -n -d extension=ffi tests/php/DropIn/MessagePack/scripts/by_chance/campaign.php [INPUTS] [SEED]

declare(strict_types=1);

namespace Zroute\Tests\DropIn\MessagePack\Fixture;

use Zroute\DropIn\AllowedClasses;
use Zroute\DropIn\Codecs;
use Zroute\DropIn\Settings;

require __DIR__ . '/../../../../../../php/drop-in.php';
require __DIR__ . '/classes.php';
require __DIR__ . '/RandomGraph.php';
require __DIR__ . '/Watch.php';

$inputs = (int) ($argv[1] ?? 1_000_000);
$seed = (int) ($argv[2] ?? random_int(1, 1_000_000));
echo "$inputs inputs, seed $seed, bridge ", Codecs::open()->name(), "\n";

/** @var array<string, true>|null $allowed in lower case; null: any */
$allowed = [];
spl_autoload_register(static function (string $class) use (&$allowed): void {
    if ($allowed !== null && !isset($allowed[strtolower($class)])) {
        fail("class $class was looked for");
    }
});
set_error_handler(static fn (): bool => true);

/** @var array{string, string} $current what is being unpacked, and how */
$current = ['', ''];

function fail(string $reason): never
{
    global $current, $seed;
    fwrite(STDERR, "seed $seed, $current[1], bytes " . bin2hex($current[0]) . ": $reason\n");
    exit(1);
}

/**
 * @param array<string, true> $allowed
 * @param array<int, true> $seen the objects
 * @param int $left how many arrays and objects are looked at: an array may hold itself
 */
function check(mixed $value, array $allowed, array &$seen, int &$left): void
{
    $left--;
    if (is_object($value)) {
        $id = spl_object_id($value);
        if (isset($seen[$id])) {
            return;
        }
        $seen[$id] = true;
        if (!isset($allowed[strtolower($value::class)])) {
            fail('an object of class ' . $value::class . ' was built');
        }
        $value = $value instanceof \UnitEnum ? [] : (array) $value;
    }
    if (is_array($value) && $left > 0) {
        foreach ($value as $inner) {
            if (is_array($inner) || is_object($inner)) {
                check($inner, $allowed, $seen, $left);
            }
        }
    }
}

function changed(string $bytes): string
{
    for ($i = mt_rand(1, 4); $i > 0; $i--) {
        $at = mt_rand(0, max(0, strlen($bytes) - 1));
        $bytes = match (mt_rand(0, 5)) {
            0 => substr_replace($bytes, chr(mt_rand(0, 255)), $at, 1),
            1 => substr_replace($bytes, chr(mt_rand(0, 255)), $at, 0),
            2 => substr_replace($bytes, '', $at, mt_rand(1, 4)),
            3 => substr($bytes, 0, $at),
            4 => substr_replace($bytes, substr($bytes, mt_rand(0, strlen($bytes)), mt_rand(1, 20)), $at, 0),
            5 => substr_replace($bytes, "\xc0" . chr(mt_rand(0, 7)), $at, 2),
        };
    }
    return $bytes;
}

/** Bytes that look like what the packed form is made of. */
function structure(): string
{
    $names = [
        'stdClass', 'Point', 'Watch', 'Told', 'Keeper', 'Suit', 'Sleeper', 'ArrayObject', 'SplFixedArray', 'Closure',
    ];
    $bytes = '';
    for ($i = mt_rand(1, 24); $i > 0; $i--) {
        $name = $names[mt_rand(0, 9)];
        $name = mt_rand(0, 3) === 0 || $name[0] === 's' ? $name : __NAMESPACE__ . '\\' . $name;
        $text = [$name, "\0*\0x", "\0A\0b", "\0", 'name', 'value', 'Hearts', 'a:1:{i:0;r:1;}'][mt_rand(0, 7)];
        $bytes .= match (mt_rand(0, 8)) {
            0, 1 => chr(mt_rand(0x80, 0x84)),
            2 => chr(mt_rand(0x90, 0x93)),
            3, 4 => "\xc0",
            5 => chr(mt_rand(0, 8)),
            6, 7 => "\xd9" . chr(strlen($text)) . $text,
            8 => chr(mt_rand(0, 255)),
        };
    }
    return $bytes;
}

/** @param int $bits as Codec has them */
function settings(int $bits): void
{
    Settings::$bits = $bits;
    Codecs::renew();
}

function feed(string $bytes, int $bits): void
{
    $unpacker = new \MessagePackUnpacker();
    $unpacker->setOption(-1001, ($bits & 1) !== 0);
    foreach (str_split($bytes, mt_rand(1, 9)) as $part) {
        $unpacker->feed($part);
        while ($unpacker->execute()) {
            $unpacker->data();
        }
    }
}

$sets = [
    [],
    [Point::class, Suit::class, Told::class],
    // Not Custom and ArrayObject: they build and look for what they like.
    [Watch::class, Keeper::class, Sleeper::class, Typed::class, Dynamic::class, Mark::class],
];
mt_srand($seed);
$pool = [];
$built = 0;
for ($input = 0; $input < $inputs; $input++) {
    if ($input % 64 === 0) {
        // RandomGraph goes on with the numbers that all of this is made by.
        $set = $sets[intdiv($input, 64) % 3];
        AllowedClasses::set($set);
        $allowed = null;
        settings(11);
        $pool[mt_rand(0, 63)] = msgpack_pack((new RandomGraph($seed + $input))->value(mt_rand(0, 4)));
        $allowed = ['stdclass' => true];
        foreach ($set as $class) {
            $allowed[strtolower($class)] = true;
        }
        settings(mt_rand(0, 2) > 0 ? 11 : mt_rand(0, 31));
        Watch::$ran = [];
    }
    $bytes = match (mt_rand(0, 4)) {
        0 => implode('', array_map(static fn (): string => chr(mt_rand(0, 255)), range(1, mt_rand(1, 40)))),
        1 => structure(),
        default => changed($pool[array_rand($pool)]),
    };
    $current = [$bytes, 'settings ' . Settings::$bits . ', allowed ' . implode(', ', $set)];
    try {
        $value = msgpack_unpack($bytes);
        $seen = [];
        $left = 1000;
        check($value, $allowed, $seen, $left);
        $built += count($seen);
        unset($value);
        if ($input % 16 === 0 && $bytes !== '') {
            feed($bytes, Settings::$bits);
        }
    } catch (\Throwable) {
        // What a class that is allowed threw.
    }
    if (Watch::$ran !== [] && !isset($allowed[strtolower(Watch::class)])) {
        fail('ran ' . implode(', ', array_keys(Watch::$ran)));
    }
}
// Any class: only that nothing crashes.
$allowed = null;
AllowedClasses::set('*');
for ($input = 0; $input < $inputs / 10; $input++) {
    $bytes = mt_rand(0, 1) === 0 ? structure() : changed($pool[array_rand($pool)]);
    $current = [$bytes, 'any class'];
    try {
        msgpack_unpack($bytes);
    } catch (\Throwable) {
    }
}
echo "$built objects of allowed classes, no other\n";
