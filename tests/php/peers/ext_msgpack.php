<?php

// Packs and unpacks with the msgpack extension. Each line is a command:
// `unpack HEX` gives serialize() of the value, `pack HEX` of serialize() gives
// MessagePack; both in hexadecimal.

declare(strict_types=1);

ini_set('serialize_precision', '17');
while (($line = fgets(STDIN)) !== false) {
    [$command, $hex] = explode(' ', rtrim($line));
    echo bin2hex(
        $command === 'unpack'
            ? serialize(msgpack_unpack(hex2bin($hex)))
            : msgpack_pack(unserialize(hex2bin($hex)))
    ), "\n";
}
