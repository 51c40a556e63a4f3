<?php

// Packs a value, or tells why it cannot.

declare(strict_types=1);

require __DIR__ . '/../../../php/autoload.php';

try {
    echo bin2hex(Zroute\MessagePack::pack(['a' => [1, 2.5]])), "\n";
} catch (Throwable $e) {
    echo $e::class, ': ', $e->getMessage(), "\n";
}
