<?php

// The same with Symfony's container, which a Symfony application has from its kernel: docs/psr11.md.

declare(strict_types=1);

use Symfony\Component\DependencyInjection\ContainerBuilder;
use Symfony\Component\HttpKernel\DependencyInjection\ResettableServicePass;
use Symfony\Component\HttpKernel\DependencyInjection\ServicesResetter;
use Tea\Basket;
use Tea\Prices;
use Tea\Shop;
use Zroute\Call;
use Zroute\Routes;

// Debian's packages; an application requires its vendor/autoload.php.
require_once 'Symfony/Component/DependencyInjection/autoload.php';
require_once 'Symfony/Component/HttpKernel/autoload.php';
require_once __DIR__ . '/autoload.php';

$container = new ContainerBuilder();
$container->register(Prices::class)->setArguments([['tea' => 350, 'cake' => 420]])->setPublic(true);
$container->autowire(Shop::class)->setPublic(true);
$container->register(Basket::class)->setPublic(true)->addTag('kernel.reset', ['method' => 'reset']);
$container->register('services_resetter', ServicesResetter::class)->setPublic(true)->setArguments([[], []]);
$container->addCompilerPass(new ResettableServicePass());
$container->compile();

return Routes::of([
    'shop' => Shop::class,
    'cheap' => fn (array $articles, Prices $prices) => array_filter($articles, fn ($it) => $prices->of($it) < 400),
])
    ->container($container)
    ->middleware('*', function (Call $call, callable $next) use ($container): mixed {
        try {
            return $next($call);
        } finally {
            $container->get('services_resetter')->reset();
        }
    });
