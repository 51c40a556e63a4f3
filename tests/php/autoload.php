<?php

declare(strict_types=1);

require __DIR__ . '/../../php/autoload.php';

// Loads Zroute\Tests\Server\SeedTest from Server/SeedTest.php.
spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Zroute\\Tests\\')) {
        $file = __DIR__ . '/' . strtr(substr($class, 13), '\\', '/') . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
