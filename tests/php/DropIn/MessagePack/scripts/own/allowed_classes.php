<?php

// Bytes build no class but stdClass, until the program says so.

use Zroute\DropIn\AllowedClasses;
use Zroute\DropIn\Settings;
use Zroute\Tests\DropIn\MessagePack\Fixture as F;

require __DIR__ . '/../tell.php';
require __DIR__ . '/../by_chance/Watch.php';

AllowedClasses::set([]);
$point = new F\Point();
$all = [
    'an object' => $point, 'one inside' => [1, ['p' => $point]], 'a private property twice' => new F\Place(),
    '__serialize' => new F\Told(['k' => 1, 5 => 2]), '__serialize of a list' => new F\Told([1, 2]),
    'Serializable' => new F\Custom(1), 'an enum' => F\Suit::Hearts, 'twice' => [$point, $point],
    'stdClass' => (object) ['a' => new stdClass()],
];
foreach ($all as $label => $value) {
    tell($label, fn () => msgpack_unpack(msgpack_pack($value)));
}
unpacked('an enum by its own marker', '82c006' . bin2hex("\xa4Suit\xa6Hearts"));
unpacked('a name that is none', '82c0a36120625d05');
unpacked('names that are no properties', '84c0a3466f6fa10001a3002a0002a400612d6205');
unpacked('a backslash before it', '81c0a55c4974656d');
unpacked('two of them', '81c0a65c5c4974656d');
tell('a NUL in it', fn () => get_class(msgpack_unpack("\x82\xc0\xa3A\0B\xa1x\x01")));
tell('no hook runs', function () {
    msgpack_unpack(msgpack_pack([new F\Watch(), 1]));
    gc_collect_cycles();
    // The one that was packed.
    return F\Watch::$ran;
});
tell('the property that tells comes first', fn () => array_keys((array) msgpack_unpack(msgpack_pack($point))));

AllowedClasses::set(['\\' . strtoupper(F\Point::class)]);
tell('allowed, whatever the case', fn () => msgpack_unpack(msgpack_pack($point)));
tell('a subclass is not', fn () => get_class(msgpack_unpack(msgpack_pack(new F\Place()))));
tell('a template allows its class', fn () => get_class(msgpack_unpack(msgpack_pack(new F\Place()), F\Place::class)));
tell('and no other', fn () => get_class(msgpack_unpack(msgpack_pack([new F\Told()]), [1])[0]));
tell('and only there', fn () => get_class(msgpack_unpack(msgpack_pack(new F\Place()))));
tell('the unpacker asks too', function () {
    $unpacker = new MessagePackUnpacker();
    $unpacker->feed(msgpack_pack([new F\Point(), new F\Told()]));
    $unpacker->execute();
    return array_map('get_class', $unpacker->data());
});
AllowedClasses::set([F\Suit::class, F\Level::class, F\Mark::class, F\Point::class]);
tell('enums', fn () => msgpack_unpack(msgpack_pack([F\Suit::Hearts, F\Suit::Hearts, F\Level::Low, F\Mark::Two])));
$named = static fn (string $class): string => "\xd9" . chr(strlen($class)) . $class;
tell('by their own marker', fn () => msgpack_unpack("\x82\xc0\x06" . $named(F\Suit::class) . "\xa6Spades"));
tell('a class that looks like one', fn () => msgpack_unpack("\x82\xc0" . $named(F\Point::class) . "\xa4name\xa1x"));
Settings::set('msgpack.error_display', false);
tell('no warning where none is wanted', fn () => get_class(msgpack_unpack(msgpack_pack(new F\Place()))));
AllowedClasses::set('*');
tell('any', fn () => msgpack_unpack(msgpack_pack(new F\Place())));
Settings::set('msgpack.error_display', true);
unpacked('any, by a name with a backslash', '81c0a95c737464436c617373');
tell('which is that of a class', fn () => msgpack_unpack("\x82\xc0" . $named('\\' . F\Point::class) . "\xa1x\x07"));
unpacked('of none', '82c0a85c4e6f5768657265a17801');
unpacked('of none that can be', '82c0a95c5c4e6f5768657265a17801');
tell('not a list', fn () => AllowedClasses::set('App\Order'));
tell('not names', fn () => AllowedClasses::set([5]));
tell('any, in a list', fn () => AllowedClasses::set(['*']));
tell('set again, it takes no number from the objects of the program', function () {
    AllowedClasses::set([]);
    return spl_object_id(new stdClass()) < 100;
});
