<?php

// Templates. Without those that have another template in a property: there the extension ends or gives up.

require __DIR__ . '/tell.php';

class Pub
{
    public $a;
    public $b;
    public $c = 3;
}

class Def
{
    public $a = 1;
    protected $b = 2;
    private $c = 3;
}

class Ctor
{
    public $x;
    public $made = 0;

    public function __construct()
    {
        $this->made = 7;
    }
}

class Prv
{
    public $a;

    private function __construct()
    {
    }
}

class Ints
{
    public int $a;
    public ?int $b = null;
}

class Child extends Def
{
    public $d;
}

class Blank
{
}

$values = [
    'int' => 5, 'text' => 'x', 'null' => null, 'empty' => [], 'one' => [1], 'two' => [1, 2], 'three' => [1, 2, [3]],
    'four' => [1, 2, [3], 4], 'named' => ['a' => 1, 'b' => 2], 'other' => ['b' => 5, 'zz' => 6],
    'mixed' => ['a' => 1, 7 => 2], 'lists' => [[1, 2, [3]], [4, 5, [6]]], 'maps' => [['a' => 1], ['b' => 2]],
    'holes' => [5 => 1, 6 => 2],
];
$dynamic = (object) ['q' => 1];
$templates = [
    'Pub' => 'Pub', 'a Pub' => new Pub(), 'Def' => 'Def', 'a Def' => new Def(), 'Ctor' => 'Ctor', 'Prv' => 'Prv',
    'Child' => 'Child', 'Blank' => 'Blank', 'stdClass' => 'stdClass', 'an object' => (object) ['a' => 1, 'b' => null],
    '[]' => [], '[Pub]' => ['Pub'], '[a Pub]' => [new Pub()], '[1]' => [1], '[[Pub]]' => [['Pub']],
    '{a, b}' => ['a' => 1, 'b' => 2], '{a: a Pub}' => ['a' => new Pub()], '{a: Pub}' => ['a' => 'Pub'],
    '{a: [Pub], b}' => ['a' => ['Pub'], 'b' => 1], '[1, 2]' => [1, 2], '{5: Pub}' => [5 => 'Pub'],
];
foreach ($templates as $name => $template) {
    foreach ($values as $label => $value) {
        tell("$name from $label", fn () => msgpack_unpack(msgpack_pack($value), $template));
    }
}
foreach ([new Pub(), new Def()] as $object) {
    foreach (['Pub', 'Def'] as $class) {
        tell(get_class($object) . " as $class", fn () => msgpack_unpack(msgpack_pack($object), $class));
    }
}
tell('Ints from one', fn () => msgpack_unpack("\x91\x05", 'Ints'));
tell('with an object of its own', fn () => (new MessagePack())->unpack("\x93\x01\x02\x03", 'Pub'));
