<?php

// The application's config/bench.php: what the bare client is given is what config/zroute.php gives the provider's.

return [
    'endpoints' => [env('SHOP_ENDPOINT')],
    'options' => ['timeout_ms' => 20000],
];
