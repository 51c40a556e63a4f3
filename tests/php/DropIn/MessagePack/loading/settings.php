<?php

// What -d has set.

echo bin2hex(msgpack_pack([str_repeat('a', 32), 1.5, (object) ['a' => 1]])), "\n";
var_dump(@msgpack_unpack("\x80"), msgpack_unpack("\xc1"));
