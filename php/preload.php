<?php

declare(strict_types=1);

// For opcache.preload under php-fpm and php-cgi, beside ffi.preload: docs/php.md.
// Preloaded classes may use FFI where ffi.enable=preload keeps scripts from it.
foreach (['/src', '/src/Exception', '/src/Handler', '/src/Middleware', '/src/Server', '/src/Socket'] as $folder) {
    foreach (glob(__DIR__ . $folder . '/*.php') ?: [] as $file) {
        opcache_compile_file($file);
    }
}
