<?php

declare(strict_types=1);

// What an application's Composer does.

require_once __DIR__ . '/../../php/autoload.php';

spl_autoload_register(static function (string $class): void {
    $file = match (true) {
        str_starts_with($class, 'Tea\\') => __DIR__ . '/src/' . substr($class, 4) . '.php',
        // psr/container, where nobody else has brought it.
        str_starts_with($class, 'Psr\\') => __DIR__ . '/../services/src/' . strtr($class, '\\', '/') . '.php',
        default => '',
    };
    if (is_file($file)) {
        require $file;
    }
});
