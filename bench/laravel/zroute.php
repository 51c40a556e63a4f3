<?php

// The application's config/zroute.php: the server where `zroute watch` found it, and by its name.

return [
    'default' => 'plus',
    'services' => (require storage_path('framework/watched.php'))['services'] + [
        'found' => ['endpoints' => 'consul://' . env('BENCH_CONSUL') . '/plus'],
    ],
];
