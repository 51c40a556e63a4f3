<?php

// Two references in one value: the extension reads one for the other.

use Zroute\Tests\DropIn\MessagePack\Fixture as F;

require __DIR__ . '/../tell.php';

[$a, $b] = [[1], [2]];
tell('arrays', fn () => msgpack_unpack(msgpack_pack([&$a, &$a, &$b, &$b])));
[$x, $y] = [(object) ['v' => 1], (object) ['v' => 2]];
tell('objects', fn () => msgpack_unpack(msgpack_pack([&$x, &$x, &$y, &$y, $y, $x])));
tell('references are references again', function () use (&$a) {
    $value = msgpack_unpack(msgpack_pack([&$a, &$a]));
    $value[0][] = 'more';
    return $value;
});
unpacked('one that leads nowhere', '9182c0020009');
unpacked('one to itself', '9281c0a8737464436c61737382c0040003');
unpacked('no number', '9182c00200a161');
unpacked('an object that is an array', '929182c0040003');
tell('an object in itself, without classes', function () {
    $object = new stdClass();
    $object->self = $object;
    return (new MessagePack(false))->pack($object);
});
tell('too deep to be read', function () {
    $deep = 1;
    for ($level = 0; $level < 1025; $level++) {
        $deep = [$deep];
    }
    return msgpack_pack($deep);
});
tell('too deep', fn () => msgpack_unpack(str_repeat("\x91", 1025) . "\xc0"));
tell('Serializable that holds itself', function () {
    $custom = new F\Custom();
    $custom->inner = [$custom];
    return msgpack_pack($custom);
});
