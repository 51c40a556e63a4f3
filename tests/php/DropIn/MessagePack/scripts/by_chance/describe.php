<?php

// Packs values made by chance and unpacks them again: with the extension, or with the drop-in.
// Prints a line for each seed: the bytes in hexadecimal, and what came back; `-` where the
// extension cannot read its own bytes.

declare(strict_types=1);

namespace Zroute\Tests\DropIn\MessagePack\Fixture;

require __DIR__ . '/classes.php';
require __DIR__ . '/RandomGraph.php';

if (!extension_loaded('msgpack')) {
    require __DIR__ . '/../../../../../../php/drop-in.php';
    \Zroute\DropIn\AllowedClasses::set('*');
}

function shown(mixed $value): string
{
    ob_start();
    var_dump($value);
    return md5(preg_replace('/#\d+/', '', (string) ob_get_clean()));
}

error_reporting(E_ALL & ~E_DEPRECATED);
// The extension gives a Serializable class one byte too many, of which PHP tells since 8.3.
set_error_handler(static fn (int $level, string $text): bool => str_contains($text, 'Extra data starting'), E_WARNING);
[, $first, $count] = $argv;
for ($seed = (int) $first; $seed < $first + $count; $seed++) {
    $random = new RandomGraph($seed);
    $value = $random->value(5);
    try {
        $packed = msgpack_pack($value);
    } catch (\Zroute\Exception\InvalidValue) {
        // A Serializable that holds what it is inside of: docs/drop-in.md.
        echo "refused\n";
        continue;
    }
    $unpacked = '-';
    // Of an enum's case the extension makes nothing that it reads.
    if (preg_match('/Fixture.(Suit|Level|Mark)/', $packed) === 0 && $random->isReadByTheExtension()) {
        $unpacked = shown(msgpack_unpack($packed));
    }
    echo bin2hex($packed), ' ', $unpacked, "\n";
}
