<?php

// Values from bytes.

require __DIR__ . '/tell.php';

unpacked('nothing', '');
unpacked('nil', 'c0');
unpacked('booleans', '92c2c3');
unpacked('unsigned', '95cc80cdffffceffffffffcf7fffffffffffffffcf00000000000000ff');
unpacked('beyond PHP', 'cfffffffffffffffff');
unpacked('signed', '94d080d18000d280000000d38000000000000000');
unpacked('floats', '92ca3fc00000cb3ff8000000000000');
unpacked('strings', '95a161d90161da000161db0000000161a0');
unpacked('binary', '93c40161c5000161c600000001ff');
unpacked('extensions', '96d400ffd501ffffd602ffffffffd703' . str_repeat('ff', 8) . 'c70105ffc8000106ff');
unpacked('lists', '9390dc0000dd00000001c0');
unpacked('maps', '9381a161c0de0001a162c0df00000001a163c0');
unpacked('an empty map', '80');
unpacked('keys', '83a13101a23031027f03');
unpacked('a key beyond PHP', '81cfffffffffffffffff01');
unpacked('a key twice', '82a16101a16102');
unpacked('a float as key', '81ca3fc0000001');
foreach (['3fb999999999999a', '7ff0000000000000', '7e37e43c8800759c', '40f86a0000000000', 'bff199999999999a'] as $key) {
    unpacked('a float as key', "81cb{$key}01");
}
unpacked('an empty map as key', '818001');
unpacked('the reserved byte', 'c1');
unpacked('the reserved byte inside', '92c0c1');
unpacked('bytes after it', 'c0c0');
unpacked('cut', '92c0');
foreach (['cd01', 'd905aa', 'ddffffffff', 'dfffffffff', 'dbffffffff', 'd401', '81a1'] as $cut) {
    unpacked('cut', $cut);
}
unpacked('null for a marker alone', '81c002');
unpacked('an unknown marker', '82c009a16101');
unpacked('an array as marker', '82c09101a16101');
unpacked('a reference', '9282c001000182c0020002');
unpacked('an object twice', '9281c0a8737464436c61737382c0040002');
unpacked('an object by reference', '9282c001c0a8737464436c61737382c0050002');
unpacked('an array in itself', '9182c0020001');
foreach ([1023, 1024] as $levels) {
    tell("$levels levels", fn () => is_array(@msgpack_unpack(str_repeat("\x91", $levels) . "\xc0")));
}
tell('a number', fn () => msgpack_unpack(5));
tell('an array', fn () => msgpack_unpack([]));
tell('unserialize', fn () => msgpack_unserialize(msgpack_serialize([1, 'a' => 2])));
