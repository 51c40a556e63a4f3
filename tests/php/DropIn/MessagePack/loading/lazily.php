<?php

// What the drop-in brings along, before anything of it is used, and after.

$native = fn (): bool => str_contains(file_get_contents('/proc/self/maps'), 'zroute');
// That of the function is the first object, as without the drop-in.
var_dump(spl_object_id($native), spl_object_id(new stdClass()), $native());
var_dump(class_exists('MessagePack', false), class_exists('messagepack'), $native());
var_dump(bin2hex(msgpack_pack([1])), $native(), new MessagePackUnpacker(), spl_object_id(new stdClass()));
