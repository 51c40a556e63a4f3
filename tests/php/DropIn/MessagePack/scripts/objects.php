<?php

// Objects from bytes, any class allowed.

use Zroute\Tests\DropIn\MessagePack\Fixture as F;

require __DIR__ . '/tell.php';

function back(string $label, mixed $value): void
{
    tell($label, static fn (): mixed => msgpack_unpack(msgpack_pack($value)));
}

back('visibility', (new F\Point())->fill(7, 8, 9));
back('a private property twice', (new F\Place())->fill(1, 2, 3)->name('n', 5));
back('uninitialized', new F\Typed());
back('initialized', new F\Typed([1]));
back('__unserialize', new F\Told(['k' => [1], 2]));
back('__wakeup', (new F\Sleeper())->keep(5, 6));
back('Serializable', new F\Custom([1, 'a']));
$point = new F\Point();
back('Serializable with an object twice', [$point, new F\Custom([$point, $point]), $point]);
back('a date', new DateTime('2020-01-01 UTC'));
back('ArrayObject', new ArrayObject([1, 2]));
$storage = new SplObjectStorage();
$storage[$point] = [1];
back('SplObjectStorage', $storage);
$itself = new F\Dynamic();
$itself->first = $itself;
back('an object in itself', $itself);
back('an object twice', [$point, [$point]]);
$array = [1];
back('an array by reference', [&$array, &$array]);
back('an object by reference', [&$point, &$point]);
back('ids', [[1], new F\Told([[2], $point]), [$point, $point], $itself, $point]);
unpacked('a class that is not there', '82c0a24e6fa16105');
tell('no autoloader looks for it when it is packed', function () {
    $asked = [];
    $loader = static function (string $class) use (&$asked): void {
        $asked[] = $class;
    };
    spl_autoload_register($loader);
    $packed = msgpack_pack(unserialize('O:7:"NoWhere":1:{s:1:"a";i:1;}', ['allowed_classes' => false]));
    spl_autoload_unregister($loader);
    return [bin2hex($packed), $asked];
});
unpacked('a class without properties', '81c0a8737464436c617373');
unpacked('names without visibility', bin2hex("\x84\xc0\xd9\x2f" . F\Point::class . "\xa1x\x07\xa1y\x08\xa1z\x09"));
enum Once
{
    case One;
}
packed('an enum inside of a Serializable and beside it', [new F\Custom([Once::One, $point, $point]), Once::One]);
final class Strict
{
    public int $number = 1;
}
abstract class Unfinished
{
}
unpacked('an abstract class', '81c0aa' . bin2hex('Unfinished'));
