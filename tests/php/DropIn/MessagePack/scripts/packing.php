<?php

// The bytes of every kind of value.

use Zroute\Tests\DropIn\MessagePack\Fixture as F;

require __DIR__ . '/tell.php';

foreach ([null, true, false, 1.5, -0.0, INF, -INF, NAN, '', 'a', "\xff\0"] as $value) {
    packed(var_export($value, true), $value);
}
for ($bits = 0; $bits < 63; $bits++) {
    $edge = 1 << $bits;
    foreach ([$edge - 1, $edge, -$edge, -$edge - 1] as $integer) {
        packed((string) $integer, $integer);
    }
}
packed('PHP_INT_MAX', PHP_INT_MAX);
packed('PHP_INT_MIN', PHP_INT_MIN);
foreach ([31, 32, 255, 256, 65535, 65536] as $size) {
    tell("string of $size", fn () => bin2hex(substr(msgpack_pack(str_repeat('a', $size)), 0, 6)));
}
foreach ([15, 16, 65535, 65536] as $size) {
    tell("list of $size", fn () => bin2hex(substr(msgpack_pack(array_fill(0, $size, 1)), 0, 6)));
    tell("map of $size", fn () => bin2hex(substr(msgpack_pack(array_fill(1, $size, 1)), 0, 6)));
    tell("object of $size", fn () => bin2hex(substr(msgpack_pack((object) array_fill(1, $size, 1)), 0, 6)));
}
packed('[]', []);
packed('a list', [1, [2, [3]], 'x']);
packed('keys', ['5' => 1, '05' => 2, -3 => 3, '' => 4]);
packed('a hole', [0 => 'a', 2 => 'b']);
packed('stdClass', new stdClass());
packed('stdClass with properties', (object) ['a' => 1, '5' => 2]);
packed('visibility', new F\Point());
packed('a private property twice', new F\Place());
packed('uninitialized', new F\Typed());
packed('initialized', new F\Typed([1]));
$dynamic = new F\Dynamic();
$dynamic->{'more'} = 1;
$dynamic->{'7'} = 2;
packed('dynamic properties', $dynamic);
packed('__serialize', new F\Told(['k' => [1], 2]));
packed('__serialize of nothing', new F\Told([]));
packed('__sleep', new F\Sleeper());
packed('Serializable', new F\Custom([1]));
packed('enums', [F\Suit::Hearts, F\Suit::Hearts, F\Level::High, F\Mark::One]);
packed('a date', new DateTime('2020-01-01 UTC'));
packed('ArrayObject', new ArrayObject([1, 2]));
packed('SplObjectStorage', new SplObjectStorage());
packed('a closure', function () {
});
packed('an anonymous class', new class {
});
packed('a generator', (fn () => yield 1)());

$object = new stdClass();
packed('an object twice', [$object, $object, [$object]]);
$object->self = $object;
packed('an object in itself', $object);
$array = [1];
packed('an array by reference, twice', [&$array, &$array]);
packed('and again', ['x' => &$array, 'y' => [&$array]]);
$scalar = 5;
packed('a scalar by reference', [&$scalar, &$scalar]);
$none = [];
packed('an empty array by reference', [&$none, &$none]);
$point = new F\Point();
packed('an object by reference', [&$point, &$point]);
packed('an object by reference, and as it is', [&$point, &$point, $point]);
$inside = [1];
$inside[] = &$inside;
packed('an array in itself', $inside);
packed('ids', [[1], new F\Told([[2], $point]), [$point, $point], F\Suit::Hearts, $object, $point]);
$deep = 1;
for ($level = 0; $level < 1023; $level++) {
    $deep = [$deep];
}
tell('deep', fn () => md5(msgpack_pack($deep)));

final class Thrower
{
    public function __serialize(): array
    {
        throw new DomainException('no');
    }
}
packed('a hook that throws', [1, new Thrower()]);

final class Mistaken
{
    public function __serialize()
    {
        return 5;
    }
}
packed('a hook that returns no array', new Mistaken());
tell('a resource', fn () => bin2hex(msgpack_pack(STDIN)));
tell('resources in arrays', fn () => bin2hex(msgpack_pack([0, STDIN, ['a' => STDERR, 'b' => 0], 'c' => [0]])));
