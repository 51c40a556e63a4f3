<?php

// What the shop serves, and what goes around it. `zroute serve routes.php` takes this file too.

declare(strict_types=1);

use Shop\Catalogue;
use Shop\Container;
use Shop\Shop;
use Shop\StderrLogger;
use Zroute\Call;
use Zroute\Middleware\AccessKey;
use Zroute\Middleware\Log;
use Zroute\Middleware\Timing;
use Zroute\Middleware\Validate;
use Zroute\Routes;

require_once __DIR__ . '/../../php/autoload.php';

// An application's Composer does this.
spl_autoload_register(static function (string $class): void {
    $file = __DIR__ . '/src/' . strtr($class, '\\', '/') . '.php';
    if (is_file($file)) {
        require $file;
    }
});

$timing = new Timing();
// Any PSR-11 container will do.
$container = new Container([
    Catalogue::class => fn () => new Catalogue(['tea' => 350, 'cake' => 420]),
    Shop::class => fn (Container $container) => new Shop($container->get(Catalogue::class)),
    Log::class => fn () => new Log(new StderrLogger()),
    AccessKey::class => fn () => new AccessKey([
        getenv('SHOP_KEY') ?: 'open sesame' => ['shop.*'],
    ]),
]);

return Routes::of([
    'shop' => Shop::class,                          // shop.price and shop.order
    'prices.raise' => [Catalogue::class, 'raise'],
    'times' => fn () => array_map(fn (array $time) => $time['calls'], $timing->times()),
])
    ->container($container)
    ->middleware('*', Log::class)                   // the first is outermost
    ->middleware('*', $timing)
    ->middleware('shop.order', AccessKey::class)
    ->middleware('*', Validate::class)
    ->middleware('shop.order', new Validate(
        fn (Call $call): ?string => isset($call->meta['customer']) ? null : 'an order wants a customer in its meta'
    ));
