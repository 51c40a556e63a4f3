<?php

declare(strict_types=1);

// Objects live as long as somebody holds them, and cycles go when PHP collects them. Nothing is changed, counted twice
// or kept. Argument: how many rounds.

require __DIR__ . '/both.php';

$rounds = (int) ($argv[1] ?? 20_000);

function unpackAny(string $packed): mixed
{
    return inPlace()->unpack($packed, DEFAULTS, any(), $remarks);
}

// What was packed is as it was.
$shared = [1, ['text']];
$point = new Point();
$value = ['p' => $point, 'q' => $point, 'r' => &$shared, 's' => &$shared, 'a' => new Account(), 't' => new Typed()];
$before = [serialize($value), counted($value)];
inPlace()->pack($value, DEFAULTS);
check([serialize($value), counted($value)] === $before, 'packing leaves a value alone');
(static function () use ($value): void {
    $value['p']->x = 'changed';
})();
check($value['q']->x === 'changed', 'an object is still the same one');
$point->x = null;

// What was unpacked can be changed, and where it is shared it is shared.
$packed = inPlace()->pack($value, DEFAULTS);
$first = unpackAny($packed);
$second = unpackAny($packed);
$first['r'][] = 2;
check($first['s'] === [1, ['text'], 2] && $second['s'] === [1, ['text']], 'an array is shared within a value alone');
$first['p']->x = ['new'];
$first['p']->y[] = 3;
check($first['q']->x === ['new'] && $second['q']->x === null && (new Point())->y === [1, 2], 'so is an object');
$first['a']->added = 1;
$first['t']->text = 'text';
unset($first['t']->int);
$first['t']->int = 7;
check(isset($first['a']->added) && !isset($second['a']->added), 'objects can have more properties');
check(
    outcome(static fn () => $second['t']->int = 'no int')[0] === TypeError::class
        && outcome(static fn () => $second['t']->once = 1)[0] === Error::class,
    'types are still watched over'
);
$clone = clone $second['p'];
$clone->x = 1;
check($second['p']->x === null && $second['p'] == new Point(), 'a clone is another object');
$record = unpackAny("\x83\xc0\xa8stdClass\xa1a\x01\xa15\x02");
$record->{'5'}++;
$record->b = 4;
unset($record->a);
check((array) $record === ['5' => 3, 'b' => 4] && json_encode($record) === '{"5":3,"b":4}', 'a record is a record');
foreach ($record as $name => &$property) {
    $property = $name;
}
unset($property);
check(array_values((array) $record) === ['5', 'b'], 'its properties can be referred to');

// As often counted as what unserialize() makes.
foreach (
    [
        "\x81\xc0\xa8stdClass",
        "\x82\xc0\xa8stdClass\xa2ab\x91\xa2cd",
        "\x83\xc0\xa5Point\xa1x\xa2ab\xa1z\x01",
        "\x92\x81\xc0\xa5Point\x82\xc0\x04\x00\x02",
        "\x93\x82\xc0\x01\x00\x01\x82\xc0\x02\x00\x02\x82\xc0\x02\x00\x02",
        "\x92\x83\xc0\x01\xc0\xa5Point\xa1x\xa2ab\x82\xc0\x05\x00\x02",
        "\x82\xc0\xa8stdClass\xa1a\x82\xc0\x04\x00\x01",
        "\x82\xc0\xa5Typed\xa4text\xa2ab",
    ] as $packed
) {
    $count = static fn (mixed $value): string => preg_replace(['/ ?packed/', '/#\d+/'], '', counted($value));
    $text = $count(other()->real->unpack($packed, DEFAULTS, any(), $remarks));
    check($count(unpackAny($packed)) === $text, bin2hex($packed) . ' is counted');
}

// Cycles go, whatever they go through.
gc_collect_cycles();
foreach (
    [
        'an object that holds itself' => "\x91\x82\xc0\xa5Point\xa1x\x82\xc0\x04\x00\x02",
        'a record that holds itself' => "\x91\x82\xc0\xa8stdClass\xa1a\x82\xc0\x04\x00\x02",
        'two that hold each other' => "\x91\x82\xc0\xa5Point\xa1x\x82\xc0\xa8stdClass\xa1a\x82\xc0\x04\x00\x02",
        'one that holds a reference to itself' => "\x91\x83\xc0\x01\xc0\xa5Point\xa1x\x91\x82\xc0\x05\x00\x02",
        'one in an array that holds itself' => "\x91\x83\xc0\x01\x00\x81\xc0\xa5Point\x01\x82\xc0\x02\x00\x02",
    ] as $name => $packed
) {
    $before = other()->unpacked;
    $value = unpackAny($packed);
    check(other()->unpacked === $before, "$name is unpacked in place");
    $watch = WeakReference::create(is_array($value[0]) ? $value[0][0] : $value[0]);
    gc_collect_cycles();
    check($watch->get() !== null, "$name stays");
    unset($value);
    check($watch->get() !== null, "$name is a cycle");
    gc_collect_cycles();
    check($watch->get() === null, "$name goes");
}

// A destructor runs when the program drops its object, and may use the codec; here the other one has built it.
$value = unpackAny("\x91\x81\xc0\xa6Ending");
check(Ending::$ended === 0, 'an object lives');
unset($value);
check(Ending::$ended === 1, 'an object ends');

// Memory stays as it is.
$steady = static function (string $what, Closure $round) use ($rounds): void {
    // As often, so that PHP's own tables are as large as they will be.
    for ($i = 0; $i < $rounds; $i++) {
        $round();
    }
    gc_collect_cycles();
    $before = memory_get_usage();
    for ($i = 0; $i < $rounds; $i++) {
        $round();
    }
    gc_collect_cycles();
    $grown = memory_get_usage() - $before;
    check($grown < 1024, "$what keeps $grown bytes after $rounds rounds");
};
$value = ['p' => $point, 'q' => [$point], 'r' => &$shared, 's' => &$shared, 'a' => new Account(), 't' => new Typed()];
$packed = inPlace()->pack($value, DEFAULTS);
$none = only();
$some = only('Point', 'Typed', 'Suit');
$steady('packing', static fn () => inPlace()->pack($value, DEFAULTS));
$steady('unpacking', static fn () => unpackAny($packed));
$steady('a refused class', static fn () => inPlace()->unpack($packed, DEFAULTS, $none, $remarks));
$steady('a cycle', static fn () => unpackAny("\x91\x82\xc0\xa5Point\xa1x\x82\xc0\x04\x00\x02"));
foreach (
    [
        'a value that is given up behind a refused class' => "\x92\x81\xc0\xa7Refused\x81\xc0\xa4Suit",
        'a value that is given up in an object' => "\x82\xc0\xa5Point\xa1x\x92\xa3abc\x81\xc0\xa4Suit",
        'one of another type' => "\x83\xc0\xa5Typed\xa7\0*\0list\x91\xa3abc\xa3int\xa3abc",
        'a property twice' => "\x83\xc0\xa8stdClass\xa1x\x91\xa3abc\xa1x\x91\xa3def",
        'a declared property twice' => "\x83\xc0\xa5Point\xa1x\x91\xa3abc\xa1x\x91\xa3def",
        'a key twice' => "\x92\x80\x82\xa1x\x91\xa3abc\xa1x\x91\xa3def",
        'a number that leads nowhere' => "\x93\x82\xc0\x01\x00\xa3abc\x82\xc0\x02\x00\x02\x82\xc0\x02\x00\x09",
        'a cycle that is given up' => "\x83\xc0\xa5Point\xa1x\x82\xc0\x04\x00\x01\xa1y\x81\xc0\xa4Suit",
        'bytes that are cut' => "\x82\xc0\xa5Point\xa1x\x92\x01",
    ] as $name => $packed
) {
    $steady($name, static fn () => unpacked(inPlace(), $packed, DEFAULTS, $some));
}
done();
