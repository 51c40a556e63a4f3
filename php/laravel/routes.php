<?php

declare(strict_types=1);

// What `zroute serve` is given by `artisan zroute:serve`: the functions of the Laravel application that the
// environment names.

return static function (Zroute\Server $server): void {
    $folder = getenv('ZROUTE_LARAVEL');
    if ($folder === false || !is_file("$folder/bootstrap/app.php")) {
        throw new Zroute\Exception\InvalidOption(
            'ZROUTE_LARAVEL is expected to name the folder of a Laravel application, got '
            . var_export($folder, true) . ": start it with 'php artisan zroute:serve'"
        );
    }
    require_once "$folder/vendor/autoload.php";
    Zroute\Laravel\Server\Application::boot(require "$folder/bootstrap/app.php")->register($server);
};
