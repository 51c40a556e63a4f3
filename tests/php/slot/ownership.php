<?php

declare(strict_types=1);

// Nobody's values are changed, nothing is counted twice, nothing is kept.
// Argument: how many rounds.
// phpcs:disable PSR1.Files.SideEffects,PSR1.Classes.ClassDeclaration

require __DIR__ . '/both.php';

$rounds = (int) ($argv[1] ?? 100_000);

// What was packed is as it was, and still shared with nobody.
$tail = implode('', ['t', 'a', 'i', 'l']);
$value = ['list' => range(1, 5), 'text' => $tail, 'map' => ['k' => [1, [2]]], 'constant' => [1, 2, 'three']];
$reference = &$value['map'];
$before = [serialize($value), counted($value)];
slot()->pack($value);
check([serialize($value), counted($value)] === $before, 'packing leaves a value alone');
$copy = $value;
slot()->pack($copy);
$copy['list'][] = 6;
check(count($value['list']) === 5, 'a copy is still a copy');

// What was unpacked can be changed without a change elsewhere.
$packed = slot()->pack([[], [1, 2], ['a' => ['b' => 'text']], 'x', '', 'longer']);
$first = slot()->unpack($packed);
$second = $first;
$first[0][] = 1;
$first[1][] = 3;
$first[1][0] = 'changed';
$first[2]['a']['c'] = 1;
$first[3] .= 'y';
$first[4] .= 'y';
$first[5][0] = 'L';
unset($first[1][1]);
check(slot()->unpack($packed) === $second, 'what was unpacked is nobody else\'s');
check($second === [[], [1, 2], ['a' => ['b' => 'text']], 'x', '', 'longer'], 'a copy is still a copy');
check(slot()->unpack("\x90") === [] && [] === array_merge([]), 'the empty array is still empty');
$list = slot()->unpack("\x93\x01\x02\x03");
$list[] = 4;
check($list === [1, 2, 3, 4] && array_pop($list) === 4 && array_shift($list) === 1, 'a list is a list');
$list = slot()->unpack("\x92\x01\x02");
check(current($list) === 1 && next($list) === 2 && next($list) === false, 'it begins at its beginning');
sort($list);
check(array_reverse($list) === [2, 1] && array_flip($list) === [1 => 0, 2 => 1], 'functions take it');
$map = slot()->unpack("\x82\xa1a\x01\x05\x02");
$map[] = 'next';
check($map === ['a' => 1, 5 => 2, 6 => 'next'], 'a map goes on behind its largest index');
$map = slot()->unpack("\x81\xfb\x02");
$like = [-5 => 2];
$map[] = 'next';
$like[] = 'next';
check($map === $like, 'also behind a negative one');

// As often counted as what unserialize() makes.
foreach (["\x90", "\x93\x01\xa1a\xa2ab", "\x81\xa2ab\x91\xa2cd", "\xa2ab", "\x01"] as $packed) {
    $count = static fn (mixed $value): string => preg_replace('/ ?packed/', '', counted($value));
    check($count(slot()->unpack($packed)) === $count(serialized()->unpack($packed)), bin2hex($packed) . ' is counted');
}

// An object that is handed over is destroyed when PHP says so, and only then.
final class Witness
{
    public static int $gone = 0;

    public function __destruct()
    {
        // The bridge is used within a destructor, which may run at any time.
        check(slot()->unpack("\x91\x01") === [1], 'a destructor may use the bridge');
        self::$gone++;
    }
}
try {
    slot()->pack([new Witness()]);
} catch (Zroute\Exception\InvalidValue) {
}
slot()->pack(1);
unset($e);
gc_collect_cycles();
check(Witness::$gone === 1, 'an object goes');

// Memory stays as it is.
$steady = static function (string $what, Closure $round) use ($rounds): void {
    for ($i = 0; $i < 1000; $i++) {
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
$shared = ['x' => 1];
$mixed = ['a' => [1, 'two', [3.5, null]], 'b' => &$shared, 'c' => (object) ['d' => 'e' . $tail]];
$packed = slot()->pack($mixed);
$steady('packing', static fn () => slot()->pack($mixed));
$steady('unpacking', static fn () => slot()->unpack($packed));
$steady('a round trip', static fn () => slot()->unpack(slot()->pack([$tail . 'x', ['y' => $tail]])));
$steady('two equal keys', static fn () => slot()->unpack("\x82\xa2ab\x91\xa2cd\xa2ab\x91\xa2ef"));
$steady('refused bytes', static fn () => outcome(static fn () => slot()->unpack("\x92\x91\xa2ab\xc1")));
$steady('a refused value', static fn () => outcome(static fn () => slot()->pack([[STDERR]])));
done();
