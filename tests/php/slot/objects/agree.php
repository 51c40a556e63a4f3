<?php

declare(strict_types=1);

// Objects and references are packed as the msgpack extension packs them, if it is loaded, and unpacked as the other
// codec unpacks them. Arguments: how many random values, how many random bytes, a seed.

require __DIR__ . '/both.php';

use Zroute\DropIn\Codec;

[, $values, $messages, $seed] = $argv + [1 => '10000', '50000', '1'];

/** Packs a value in place: nothing is left to the other codec. */
function packsAs(mixed $value, string $packed, string $what, int $settings = DEFAULTS): void
{
    $before = other()->packed;
    $own = inPlace()->pack($value, $settings);
    check($own === $packed, "$what is packed as " . bin2hex($packed) . ', got ' . bin2hex($own));
    check(other()->packed === $before, "$what is packed in place");
}

/** Unpacks bytes in place. */
function unpacksAs(string $packed, mixed $value, string $what): void
{
    $before = other()->unpacked;
    $remarks = null;
    $own = inPlace()->unpack($packed, DEFAULTS, any(), $remarks);
    check(serialize($own) === serialize($value), "$what is unpacked as " . serialize($value));
    check($remarks === null && other()->unpacked === $before, "$what is unpacked in place");
    unpackAlike($packed, any(), $what);
}

$long = str_repeat('s', 40);
$list = [1];
$record = new stdClass();
$record->self = $record;
$loop = ['k' => 1];
$loop['r'] = &$loop;
$point = new Point();
$account = new Account();
$owner = 7;
$savings = (new SavingsAccount())->fill([2], $owner)->keep($point);
$head = "\xc0\xa5Point";
$table = [
    'an empty object' => [new stdClass(), "\x81\xc0\xa8stdClass"],
    'an object' => [(object) ['a' => 1, '5' => 2], "\x83\xc0\xa8stdClass\xa1a\x01\xa15\x02"],
    'an object of a class' => [$point, "\x84$head\xa1x\xc0\xa1y\x92\x01\x02\xa1z\xa1z"],
    'one object twice' => [[$point, $point], "\x92\x84$head\xa1x\xc0\xa1y\x92\x01\x02\xa1z\xa1z\x82\xc0\x04\x00\x02"],
    'an object that holds itself' => [$record, "\x82\xc0\xa8stdClass\xa4self\x82\xc0\x04\x00\x01"],
    'properties that are not public' => [
        $account,
        "\x84\xc0\xa7Account\xa5owner\xa6nobody\xa9\0*\0limits\x90\xaf\0Account\0secret\x01",
    ],
    'an array at two places' => [[&$list, &$list], "\x92\x82\xc0\x01\x00\x01\x82\xc0\x02\x00\x02"],
    'an array that holds itself' => [
        $loop,
        "\x82\xa1k\x01\xa1r\x83\xc0\x01\xa1k\x01\xa1r\x82\xc0\x02\x00\x02",
    ],
    'an array in an object that is a reference' => [
        [&$account->extra, [3]],
        "\x92\xc0\x91\x03",
    ],
    'a string' => [$long, "\xd9\x28$long"],
];
unset($account->extra);
foreach ($table as $name => [$value, $packed]) {
    packsAs($value, $packed, $name);
    unpacksAs($packed, $value, $name);
}
packsAs(
    [1, $long, 'k' => $point],
    "\x83\x00\x01\x01\xda\x00\x28$long\xa1k\x93\xc0\x92\x01\x02\xa1z",
    'an object without its class',
    Codec::ASSOC
);
packsAs(
    $loop,
    "\x82\xa1k\x01\xa1r\x82\xa1k\x01\xa1r\xc0",
    'an array that holds itself, without identity',
    Codec::ASSOC
);
packsAs(Suit::Hearts, "\x83\xc0\xa4Suit\xa4name\xa6Hearts\xa5value\xa6hearts", 'a case of an enum');
packsAs(
    $savings,
    "\x85\xc0\xaeSavingsAccount\xa5owner\xa6nobody\xa9\0*\0limits\x91\x02\xaf\0Account\0secret\x07"
        . "\xb6\0SavingsAccount\0secret\x84$head\xa1x\xc0\xa1y\x92\x01\x02\xa1z\xa1z",
    'a private property that hides another'
);
check(serialize($point) === 'O:5:"Point":3:{s:1:"x";N;s:1:"y";a:2:{i:0;i:1;i:1;i:2;}s:1:"z";s:1:"z";}', 'it stays');
$loop['r'] = null;
$record->self = null;

// What only the other codec can do.
foreach (
    [
        '__sleep()' => new Sleeper(),
        '__serialize()' => new Magic(1),
        'an internal class' => new ArrayObject([1]),
        'a child of an internal class' => new class ([1]) extends ArrayObject {
        },
        'a date' => new DateTimeImmutable('2024-02-29 12:00:00 UTC'),
        'a closure' => static fn () => 1,
        'deep' => (static function (): array {
            $value = [];
            for ($i = 1; $i < 600; $i++) {
                $value = [$value];
            }
            return $value;
        })(),
    ] as $name => $value
) {
    $before = other()->packed;
    outcome(static fn () => inPlace()->pack([$value], DEFAULTS));
    check(other()->packed === $before + 1, "$name is left to the other codec");
}
$packed = inPlace()->pack([new Sleeper(), new Magic($list)], DEFAULTS);
check(inPlace()->unpack($packed, DEFAULTS, any(), $remarks)[0]->woken === true, '__wakeup() is called');
packsAs(new Readers(), "\x82\xc0\xa7Readers\xa4real\x01", 'a class with __get()');
check(Readers::$asked === 0, '__get() is not asked');
if (PHP_VERSION_ID >= 80400) {
    $class = new ReflectionClass(Point::class);
    $begun = 0;
    $ghost = $class->newLazyGhost(static function () use (&$begun): void {
        $begun++;
    });
    $before = other()->packed;
    inPlace()->pack($ghost, DEFAULTS);
    check(other()->packed === $before + 1, 'a lazy object is left to the other codec');
    eval('final class HookedProperties { public $x = 1 { get => $this->x + 1; } public $y = 3; }');
    packsAs(new HookedProperties(), "\x83\xc0\xb0HookedProperties\xa1x\x01\xa1y\x03", 'what is behind a hook');
    unpackAlike("\x82\xc0\xb0HookedProperties\xa1y\x05", any(), 'a class with hooks of properties');
}

// What bytes may say.
$bytes = [
    'an empty map' => "\x80",
    'an extension' => "\x92\xd4\x01\x02\xc7\x01\x05x",
    'an extension as a key' => "\x81\xd4\x01\x02\x01",
    'a null' => "\x81\xc0\xc0",
    'nothing shared' => "\x92\x81\xc0\x01\x05",
    'one twice as large as an int' => "\x81\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x80",
    'stdClass by any name' => "\x82\xc0\xa8STDCLASS\xa1a\x01",
    'a class that is not there' => "\x82\xc0\xa7Nothing\xa1a\x01",
    'a class with a backslash' => "\x82\xc0\xa6\\Point\xa1x\x01",
    'a class without a name' => "\x82\xc0\xa0\xa1x\x01",
    'an interface' => "\x81\xc0\xa9Countable",
    'an enum' => "\x82\xc0\xa4Suit\xa4name\xa6Hearts",
    'a case by its number' => "\x82\xc0\x06\xa4Suit\xa6Hearts",
    'a property twice' => "\x83\xc0\xa5Point\xa1x\x01\xa1x\x02",
    'a property of stdClass twice' => "\x83\xc0\xa8stdClass\xa1x\x91\x01\xa1x\x91\x02",
    'a property that is not declared' => "\x82\xc0\xa7Account\xa3new\x02",
    'a property by its bare name' => "\x82\xc0\xa7Account\xa6limits\x02",
    'an int for a name' => "\x82\xc0\xa8stdClass\x07\x02",
    'a digit for a name' => "\x83\xc0\xa8stdClass\x07\x02\xa17\x03",
    'a mark for a name' => "\x82\xc0\xa8stdClass\xa1\0\x02",
    'a marked name' => "\x82\xc0\xa8stdClass\xa4\0*\0a\x02",
    'a value of another type' => "\x82\xc0\xa5Typed\xa3int\xa1x",
    'an int for a float' => "\x82\xc0\xa5Typed\xac\0Typed\0float\x01",
    'an object for its type' => "\x82\xc0\xa5Typed\xa5other\x81\xc0\xa5Typed",
    'another object' => "\x82\xc0\xa5Typed\xa5other\x81\xc0\xa5Point",
    'a reference in a type' => "\x82\xc0\xa5Typed\xa7\0*\0list\x82\xc0\x01\x00\x01",
    'a readonly property' => "\x82\xc0\xa5Typed\xa4once\x05",
    'computed defaults' => "\x81\xc0\xa8Computed",
    'a number too large' => "\x92\x90\x82\xc0\x04\x00\x03",
    'a number of an array' => "\x92\x91\x01\x82\xc0\x04\x00\x02",
    'the number of itself' => "\x91\x82\xc0\x02\x00\x02",
    'a number below 1' => "\x91\x82\xc0\x04\x00\x00",
    'the outermost' => "\x82\xc0\xa8stdClass\xa1a\x82\xc0\x04\x00\x01",
    'the outermost, shared' => "\x83\xc0\x01\xc0\xa8stdClass\xa1a\x82\xc0\x05\x00\x01",
    'an array that is not shared' => "\x92\x91\x01\x82\xc0\x02\x00\x02",
    'an empty array, shared' => "\x92\x90\x82\xc0\x02\x00\x02",
    'marks that come late' => "\x82\xa1a\x01\xc0\xa5Point",
    'a float as a key' => "\x81\xcb\x3f\xf8\0\0\0\0\0\0\x01",
    'an array as a key' => "\x81\x90\x01",
    'cut in an object' => "\x82\xc0\xa5Point\xa1x\x92\x81\xc0\xa5Point",
    'more than a value' => "\x81\xc0\xa5Point\x01",
    'nothing' => '',
    'deep' => str_repeat("\x81\xa1a", 600) . "\x80",
];
foreach ($bytes as $name => $packed) {
    foreach ([any(), only(), only('Point', 'Typed', 'Suit')] as $allowed) {
        unpackAlike($packed, $allowed, $name);
    }
    unpackAlike($packed, any(), "$name, without objects", Codec::ASSOC);
}

// A class that is not allowed is named, and nothing of it is built.
$before = other()->unpacked;
$packed = "\x92\x82\xc0\xa5Point\xa1x\x81\xc0\xa6Ending\x81\xc0\xa5Point";
[$value, $remarks] = unpacked(inPlace(), $packed, DEFAULTS, only());
check($remarks?->refused === ['Point', 'Ending'] && $remarks->kinds === 0, 'the classes are named, each once');
check(!str_contains($value, ':"Point":') && !str_contains($value, ':"Ending":'), 'they are not built');
check(other()->unpacked === $before, 'in place');
check(Ending::$ended === 0, 'nothing of theirs has run');
check(unpacked(inPlace(), "\x81\xc0\xa5Point", DEFAULTS, only('Point'))[1] === null, 'the next time nothing is said');

// Random values, and what becomes of their bytes.
mt_srand((int) $seed);
$corpus = [];
$extension = extension_loaded('msgpack');
foreach ([new RandomGraph(false), new RandomGraph(true)] as $hooks => $maker) {
    for ($i = 0; $i < (int) $values / 2; $i++) {
        $value = $maker->next(mt_rand(1, 60));
        $was = serialize($value);
        $before = other()->packed;
        $packed = inPlace()->pack($value, DEFAULTS);
        $inPlace = other()->packed === $before;
        check($hooks === 1 || $inPlace, "random value $i is packed in place");
        check(serialize($value) === $was, "random value $i stays as it is");
        if ($extension && $inPlace) {
            check($packed === msgpack_pack($value), "random value $i is packed as the extension packs it: $was");
        }
        unpackAlike($packed, any(), "random value $i");
        unpackAlike($packed, only('Point', 'Typed'), "random value $i");
        if (strlen($packed) < 500) {
            $corpus[$i % 20_000] = $packed;
        }
    }
}

$corpus = array_values($corpus);
$marks = [
    "\xc0", "\xc0\x01", "\x82\xc0\x02\x00\x01", "\x82\xc0\x04\x00\x02", "\x82\xc0\x05\x00\x03", "\x80", "\xd4\x01",
];
for ($i = 0; $i < (int) $messages; $i++) {
    $packed = $corpus[mt_rand(0, count($corpus) - 1)];
    for ($times = mt_rand(1, 4); $times > 0; $times--) {
        $at = mt_rand(0, strlen($packed));
        $packed = match (mt_rand(0, 5)) {
            0 => substr_replace($packed, chr(mt_rand(0, 255)), $at, 1),
            1 => substr($packed, 0, $at),
            2 => substr_replace($packed, chr(mt_rand(0, 9)), $at, 1),
            3 => substr_replace($packed, chr(mt_rand(0x80, 0xdf)), $at, 1),
            4 => substr_replace($packed, $marks[mt_rand(0, count($marks) - 1)], $at, 0),
            5 => substr_replace($packed, '', $at, mt_rand(1, 3)),
        };
    }
    unpackAlike($packed, [any(), only(), only('Point', 'Typed')][$i % 3], "random bytes $i");
}
// What holds itself is not left for the end of the process.
$value = $corpus = null;
gc_collect_cycles();
done();
