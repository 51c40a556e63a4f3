<?php

declare(strict_types=1);

// For opcache.preload under php-fpm and php-cgi, beside ffi.preload: docs/php.md.
// Preloaded classes may use FFI where ffi.enable=preload keeps scripts from it.
foreach (['', '/Exception', '/Handler', '/Middleware', '/Server', '/Socket', '/Laravel'] as $folder) {
    foreach (glob(__DIR__ . "/src$folder/*.php") ?: [] as $file) {
        // What extends a class of Laravel cannot be linked before Laravel is loaded.
        if (!str_ends_with($file, 'ServiceProvider.php')) {
            opcache_compile_file($file);
        }
    }
}
