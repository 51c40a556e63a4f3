<?php

// Beside the extension, nothing is defined anew.

require __DIR__ . '/../../../../../php/drop-in.php';

foreach (['msgpack_pack', 'msgpack_unpack', 'msgpack_serialize', 'msgpack_unserialize'] as $function) {
    var_dump((new ReflectionFunction($function))->isInternal());
}
foreach (['MessagePack', 'MessagePackUnpacker'] as $class) {
    var_dump((new ReflectionClass($class))->isInternal());
}
