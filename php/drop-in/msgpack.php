<?php

declare(strict_types=1);

// The drop-in for ext-msgpack 2.2. A class is read when a program names it, and libzroute.so when one is used.

namespace Zroute\DropIn\MessagePack;

/**
 * Loads the extension's classes, where nobody has defined them, and those
 * that they are made of. A function, because an object would be seen by the
 * numbers of a program's own.
 */
function load(string $class): void
{
    $file = match (true) {
        $class === 'Zroute\\DropIn\\HiddenObjects', $class === 'Zroute\\DropIn\\State' =>
            __DIR__ . '/' . substr($class, 14),
        strcasecmp($class, 'MessagePack') === 0 => __DIR__ . '/msgpack/MessagePack',
        strcasecmp($class, 'MessagePackUnpacker') === 0 => __DIR__ . '/msgpack/MessagePackUnpacker',
        str_starts_with($class, 'Zroute\\DropIn\\') => __DIR__ . '/msgpack/' . substr($class, 14),
        str_starts_with($class, 'Zroute\\') => __DIR__ . '/../src/' . substr($class, 7),
        default => null,
    };
    if ($file !== null && is_file($file = strtr($file, '\\', '/') . '.php')) {
        require $file;
    }
}

spl_autoload_register('Zroute\\DropIn\\MessagePack\\load');

require_once __DIR__ . '/msgpack/functions.php';
