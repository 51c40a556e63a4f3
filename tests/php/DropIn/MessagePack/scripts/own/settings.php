<?php

// The settings: from -d at the start, and by a call.

use Zroute\DropIn\Settings;

require __DIR__ . '/../tell.php';

$value = [str_repeat('a', 40), 1.5, new stdClass(), (object) ['a' => 1]];
packed('at the start', $value);
unpacked('an empty map', '80');
unpacked('a boolean as key', '82c201c302');
tell('error_display', fn () => msgpack_unpack("\xc1"));
foreach (['use_str8_serialization', 'force_f32', 'assoc', 'php_only', 'illegal_key_insert', 'error_display'] as $name) {
    tell($name, fn () => Settings::set("msgpack.$name", true));
    packed("$name on", $value);
    unpacked('a map', '81a16101');
    tell($name, fn () => Settings::set("msgpack.$name", false));
    packed("$name off", $value);
    unpacked('a map', '81a16101');
}
Settings::set('msgpack.assoc', true);
unpacked('illegal keys', '85c201ca3fc0000002a1350390040305');
Settings::set('msgpack.illegal_key_insert', true);
unpacked('illegal keys, inserted', '85c201ca3fc0000002a1350390040305');
Settings::set('msgpack.php_only', true);
unpacked('a map as key, inserted', '82a161018101020a');
unpacked('after the last index', '82cf7fffffffffffffff01c302');
tell('an option of the head', fn () => bin2hex((function () {
    $packer = new MessagePack();
    $packer->setOption(MESSAGEPACK_OPT_FORCE_F32, true);
    return $packer->pack(1.5);
})()));
tell('no setting', fn () => Settings::set('msgpack.nothing', true));
tell('ini_set', fn () => @ini_set('msgpack.php_only', '0'));
