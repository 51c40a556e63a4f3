<?php

declare(strict_types=1);

// In the place of Composer's: Debian's Laravel, the package under test, and the application.

require_once 'Illuminate/autoload.php';
require_once __DIR__ . '/zroute/zroute/php/autoload.php';

spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'App\\')) {
        $file = dirname(__DIR__) . '/app/' . strtr(substr($class, 4), '\\', '/') . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
