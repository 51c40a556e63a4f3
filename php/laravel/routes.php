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
    try {
        Zroute\Laravel\Server\Application::boot(require "$folder/bootstrap/app.php")->register($server);
    } catch (Zroute\Exception\ZrouteException $e) {
        throw $e;
    } catch (Throwable $e) {
        // Laravel's own handler would draw a box, and let the worker end as if all were well.
        $what = $e::class . ": {$e->getMessage()} in {$e->getFile()}:{$e->getLine()}";
        throw new Zroute\Exception\InvalidOption("the application in $folder does not come up: $what", 0, $e);
    }
};
