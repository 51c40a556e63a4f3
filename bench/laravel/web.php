<?php

declare(strict_types=1);

use Illuminate\Support\Facades\Route;
use Zroute\Client;
use Zroute\Laravel\Facades\Zroute;

// Each page tells how many nanoseconds its call took, with all that the request needs to make it.

Route::get('/none', static fn () => [0, 6]);

Route::get('/bare', static function () {
    $begun = hrtime(true);
    $answer = Client::shared(config('zroute.services.plus.endpoints'))->call('plus', [1, 2, 3]);
    return [hrtime(true) - $begun, $answer];
});

Route::get('/provider', static function () {
    $begun = hrtime(true);
    $answer = Zroute::call('plus', [1, 2, 3]);
    return [hrtime(true) - $begun, $answer];
});

Route::get('/found', static function () {
    $begun = hrtime(true);
    $answer = Zroute::service('found')->call('plus', [1, 2, 3]);
    return [hrtime(true) - $begun, $answer];
});
