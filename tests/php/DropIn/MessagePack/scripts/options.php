<?php

// The classes' options.

use Zroute\Tests\DropIn\MessagePack\Fixture as F;

require __DIR__ . '/tell.php';

$object = new F\Point();
foreach ([null, true, false, 0, 1] as $opt) {
    $packer = $opt === null ? new MessagePack() : new MessagePack($opt);
    tell(var_export($opt, true), fn () => [
        bin2hex($packer->pack($object)), $packer->unpack("\x80"), $packer->unpack($packer->pack([1, 'a' => 2])),
    ]);
}
$packer = new MessagePack();
tell('off', fn () => [$packer->setOption(MessagePack::OPT_PHPONLY, false), bin2hex($packer->pack($object))]);
tell('on', fn () => [$packer->setOption(MESSAGEPACK_OPT_PHPONLY, 1), bin2hex($packer->pack($object))]);
tell('unknown', fn () => $packer->setOption(5, 1));
tell('not an option', fn () => $packer->setOption('a', 1));
tell('not a truth value', fn () => new MessagePack([]));
tell('null is false', fn () => bin2hex((@new MessagePack(null))->pack($object)));
tell('null is no option', fn () => @(new MessagePack())->setOption(null, 1));
// Subclasses that leave out the constructor.
$packer = new class extends MessagePack {
    public function __construct()
    {
    }
};
tell('not constructed', fn () => bin2hex($packer->pack([$object, 1.5])));
$unpacker = new class extends MessagePackUnpacker {
    public function __construct()
    {
    }
};
tell('not constructed', fn () => [$unpacker->feed("\x92\x01\x80"), $unpacker->execute(), $unpacker->data()]);
$packer = new MessagePack();
$packer->setOption(MessagePack::OPT_PHPONLY, false);
tell('an unpacker takes over the options', function () use ($packer) {
    $unpacker = $packer->unpacker();
    $unpacker->feed("\x80");
    return [$unpacker->execute(), $unpacker->data()];
});
tell('functions are not touched', fn () => msgpack_unpack("\x80"));

// What objects are without classes.
$array = [1];
$self = [1];
$self[] = &$self;
foreach (
    [new stdClass(), (object) ['a' => 1, '5' => 2], new F\Place(), new F\Told([1]), new F\Sleeper(), F\Suit::Hearts,
    F\Mark::One, new F\Custom(1), [$object, $object], [&$array, &$array], [&$object, &$object], $self] as $value
) {
    tell('plain', fn () => bin2hex($packer->pack($value)));
}
tell('keys', fn () => [
    $packer->unpack("\x82\xc0\xa3Foo\xa1a\x07"), $packer->unpack("\x81\xc2\x01"), $packer->unpack("\x81\xc0\xc0"),
]);

// What a subclass and a program add is shown, and nothing else.
class LabelledPacker extends MessagePack
{
    public $label = 'a';
    protected $inner = [2];
    private $own = null;
}
class LabelledUnpacker extends MessagePackUnpacker
{
    public $label = 'a';
    private $own = null;
}
tell('a subclass has properties', fn () => [new LabelledPacker(), new LabelledUnpacker()]);
