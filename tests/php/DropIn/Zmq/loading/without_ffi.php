<?php

// A PHP that has no FFI.

foreach ([fn () => new ZMQContext(), fn () => msgpack_pack(1)] as $use) {
    try {
        $use();
    } catch (Zroute\Exception\NativeError $e) {
        echo $e->getMessage(), "\n";
    }
}
echo "end\n";
