<?php

// MessagePackUnpacker: values that come in parts.

use Zroute\Tests\DropIn\MessagePack\Fixture as F;

require __DIR__ . '/tell.php';

$values = [1, 'text', [1, [2, ['a' => 3]]], ['k' => new F\Point(), 5 => null], 1.5, str_repeat('x', 300)];
$bytes = implode('', array_map('msgpack_pack', $values));

foreach ([1, 2, 3, 7, 100, 10000] as $size) {
    $unpacker = new MessagePackUnpacker();
    $got = [];
    foreach (str_split($bytes, $size) as $part) {
        $unpacker->feed($part);
        while ($unpacker->execute()) {
            $got[] = $unpacker->data();
            $unpacker->reset();
        }
    }
    tell("in parts of $size", fn () => [count($got), $got == $values, $unpacker->execute(), $unpacker->data()]);
}

// As the extension's own page shows it.
$unpacker = new MessagePackUnpacker();
$buffer = '';
$offset = 0;
$got = [];
foreach (str_split($bytes, 5) as $part) {
    $buffer .= $part;
    if ($unpacker->execute($buffer, $offset)) {
        $got[] = $unpacker->data();
        $unpacker->reset();
        $buffer = substr($buffer, $offset);
        $offset = 0;
    }
}
while ($buffer !== '' && $unpacker->execute($buffer, $offset)) {
    $got[] = $unpacker->data();
    $unpacker->reset();
    $buffer = substr($buffer, $offset);
    $offset = 0;
}
tell('with a buffer of one\'s own', fn () => [count($got), $got == $values, $buffer]);

$unpacker = new MessagePackUnpacker();
tell('nothing fed', fn () => [$unpacker->execute(), $unpacker->data()]);
$unpacker->feed("\x01\x02");
tell('two values', fn () => [$unpacker->execute(), $unpacker->execute(), $unpacker->data()]);
tell('no third', fn () => [$unpacker->data(), $unpacker->execute()]);
tell('reset keeps what was not read', function () use ($unpacker) {
    $unpacker->reset();
    $unpacker->feed("\x92\x05");
    $first = $unpacker->execute();
    $unpacker->feed("\x06\x07");
    $second = $unpacker->execute();
    $value = $unpacker->data();
    return [$first, $second, $value, $unpacker->execute(), $unpacker->data()];
});
$offset = 1;
tell('an offset', function () use (&$offset) {
    $unpacker = new MessagePackUnpacker();
    return [$unpacker->execute("\x01\x02\x03", $offset), $unpacker->data(), $offset];
});
$bad = new MessagePackUnpacker();
$bad->feed("\xc1\x05");
tell('the reserved byte', fn () => [$bad->execute(), $bad->execute(), $bad->data()]);
tell('plain', function () {
    $unpacker = new MessagePackUnpacker(false);
    $unpacker->feed("\x80\x81\xc0\x01");
    return [$unpacker->execute(), $unpacker->data(), $unpacker->execute(), $unpacker->data()];
});
tell('a template', function () {
    $unpacker = new MessagePackUnpacker();
    $unpacker->feed("\x93\x01\x02\x03");
    return [$unpacker->execute(), $unpacker->data(F\Point::class)];
});
tell('shown', fn () => [new MessagePack(), $unpacker]);
tell('a copy', function () use ($unpacker) {
    try {
        return get_class(clone $unpacker);
    } catch (Error) {
        return 'refused';
    }
});
