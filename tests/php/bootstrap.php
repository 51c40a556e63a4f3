<?php

declare(strict_types=1);

require __DIR__ . '/../../php/autoload.php';

// Loads Zroute\Tests\Server\CallTest from Server/CallTest.php.
spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Zroute\\Tests\\')) {
        $file = __DIR__ . '/' . strtr(substr($class, 13), '\\', '/') . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});

// Scripts under test inherit it.
$library = getenv('ZROUTE_LIBRARY') ?: __DIR__ . '/../../target/release/libzroute.so';
putenv('ZROUTE_LIBRARY=' . (realpath($library) ?: $library));

putenv('ZROUTE_SEED=' . (getenv('ZROUTE_SEED') ?: random_int(1, 1_000_000)));
echo 'Random values: ZROUTE_SEED=', getenv('ZROUTE_SEED'), " makes the same again.\n";
