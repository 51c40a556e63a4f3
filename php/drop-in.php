<?php

declare(strict_types=1);

// What the zmq and msgpack extensions define, for a PHP that has them not. Load it by `require`, or for all scripts by
// `auto_prepend_file`. What is defined already stays as it is.

// Another copy of it may be loaded already, from another folder.
if (!function_exists('Zroute\DropIn\Zmq\load')) {
    require __DIR__ . '/drop-in/zmq.php';
}
if (!function_exists('Zroute\DropIn\MessagePack\load')) {
    require __DIR__ . '/drop-in/msgpack.php';
}
