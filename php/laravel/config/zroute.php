<?php

// Values only: `artisan config:cache` keeps no closures. Functions are in routes/rpc.php.

return [

    /*
     * Services that this application calls: Zroute::service('shop')->call('price', ['tea']).
     *
     * endpoints  one, or a list of them, as Zroute\Client takes them
     * options    those of docs/php.md; null leaves an option as it is
     * meta       what travels with each call
     */
    'default' => env('ZROUTE_SERVICE', 'default'),

    'services' => [
        'default' => [
            'endpoints' => explode(',', env('ZROUTE_ENDPOINTS', 'tcp://127.0.0.1:5555')),
            'options' => [
                'timeout_ms' => 5000,
                'curve_server_key' => env('ZROUTE_SERVER_KEY'),
                'curve_secret_key' => env('ZROUTE_SECRET_KEY'),
            ],
            'meta' => array_filter(['access_key' => env('ZROUTE_ACCESS_KEY')]),
        ],
    ],

    /*
     * What `artisan zroute:serve` serves, and how.
     *
     * options  those of `zroute serve --help`, without the dashes: a list repeats one, true gives one that has no
     *          value, null leaves one out
     */
    'server' => [
        'routes' => base_path('routes/rpc.php'),
        'bind' => explode(',', env('ZROUTE_BIND', 'tcp://127.0.0.1:5555')),
        'options' => [
            'workers' => env('ZROUTE_WORKERS'),
            'exec-timeout' => '30s',
            'max-calls' => 10000,
            'curve-secret-key-file' => env('ZROUTE_SERVER_KEY_FILE'),
            'curve-allowed-keys-file' => env('ZROUTE_ALLOWED_KEYS_FILE'),
        ],

        // A name in PATH, or a path.
        'command' => env('ZROUTE_COMMAND', 'zroute'),

        // How zroute:reload finds the server.
        'pid_file' => storage_path('framework/zroute.pid'),

        // The channel that gets a line for each call: null for Laravel's default, false for none.
        'log' => null,
    ],

];
