<?php

// Handlers and middleware from a PSR-11 container: zroute serve routes.php --bind tcp://127.0.0.1:5555

declare(strict_types=1);

use Tea\Container;
use Tea\Fresh;
use Tea\Prices;
use Tea\Shop;
use Zroute\Routes;

require_once __DIR__ . '/autoload.php';

$container = new Container([
    Prices::class => fn () => new Prices(['tea' => 350, 'cake' => 420]),
]);

return Routes::of([
    'shop' => Shop::class,
    'cheap' => fn (array $articles, Prices $prices) => array_filter($articles, fn ($it) => $prices->of($it) < 400),
])
    ->container($container)
    ->middleware('*', Fresh::class);
