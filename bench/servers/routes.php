<?php

declare(strict_types=1);

// What `zroute serve` serves in the bench: the same function as zroute_server.php.
return ['plus' => static fn (array $data): int => array_sum($data)];
