<?php

// What an application changes; the rest is the package's own.

return [
    'services' => [
        'default' => ['endpoints' => env('SHOP_ENDPOINT'), 'options' => ['timeout_ms' => 20000]],
        'guarded' => [
            'endpoints' => [env('SHOP_ENDPOINT')],
            'options' => ['timeout_ms' => 20000, 'curve_server_key' => null],
            'meta' => ['access_key' => env('SHOP_KEY')],
        ],
    ],
    'server' => [
        'command' => env('ZROUTE_COMMAND', 'zroute'),
        'bind' => 'tcp://127.0.0.1:*',
        'options' => ['workers' => 1, 'php-arg' => explode(' ', env('ZROUTE_PHP_ARGUMENTS', ''))],
    ],
];
