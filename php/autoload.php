<?php

declare(strict_types=1);

// Loads Zroute's classes where Composer does not.
spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Zroute\\')) {
        $file = __DIR__ . '/src/' . strtr(substr($class, 7), '\\', '/') . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
