<?php

declare(strict_types=1);

// The drop-in for ext-zmq 1.1.3. A class is read when a program names it, and libzroute.so when one is used.

namespace Zroute\DropIn\Zmq;

/**
 * Loads the extension's classes, where nobody has defined them, and those
 * that they are made of. A function, because an object would be seen by the
 * numbers of a program's own.
 */
function load(string $class): void
{
    if (strncasecmp($class, 'ZMQ', 3) === 0) {
        $file = match (strtolower($class)) {
            'zmq' => 'ZMQ',
            'zmqcontext' => 'ZMQContext',
            'zmqsocket' => 'ZMQSocket',
            'zmqpoll' => 'ZMQPoll',
            'zmqdevice' => 'ZMQDevice',
            'zmqcert' => 'ZMQCert',
            // It needs contexts of this drop-in.
            'zmqauth' => extension_loaded('zmq') ? null : 'ZMQAuth',
            'zmqexception', 'zmqcontextexception', 'zmqsocketexception', 'zmqpollexception', 'zmqdeviceexception' =>
                'exceptions',
            'zmqcertexception', 'zmqauthexception' => 'czmq_exceptions',
            default => null,
        };
        if ($file !== null) {
            require __DIR__ . "/zmq/$file.php";
        }
        return;
    }
    $file = match (true) {
        str_starts_with($class, 'Zroute\\DropIn\\Zmq\\') => __DIR__ . '/zmq/' . substr($class, 18),
        str_starts_with($class, 'Zroute\\DropIn\\') => __DIR__ . '/' . substr($class, 14),
        str_starts_with($class, 'Zroute\\') => __DIR__ . '/../src/' . substr($class, 7),
        default => null,
    };
    if ($file !== null && is_file($file = strtr($file, '\\', '/') . '.php')) {
        require $file;
    }
}

spl_autoload_register('Zroute\\DropIn\\Zmq\\load');
