<?php

declare(strict_types=1);

// A server whose answers are of every kind; prints its endpoint.

require __DIR__ . '/../../../../php/autoload.php';
require __DIR__ . '/../random_value.php';

// The parent reads the faults; the log would only repeat them.
ini_set('error_log', '/dev/null');

$server = new Zroute\Server([
    'bridge' => static fn (): string => Zroute\Native::get()->bridge(),
    'echo' => static fn (mixed $value): mixed => $value,
    'plus' => static fn (array $numbers): int|float => array_sum($numbers),
    'spread' => static fn (int $a, int $b = 2): int => $a * 10 + $b,
    'memory' => static function (): int {
        gc_collect_cycles();
        return memory_get_usage();
    },
    'throw' => static fn () => throw new DomainException('as asked'),
    'fault' => static fn () => throw new Zroute\Fault(7, 'a fault', 'Asked'),
    'object' => static fn () => new Point([1, new Point(null)]),
    'object inside' => static fn () => ['deep' => [new Point(1), Suit::Clubs], 'record' => (object) []],
    'closure inside' => static fn () => [[static fn () => 1]],
    'resource inside' => static fn () => [STDIN],
    'secret' => static fn () => new Secret(),
    'zeros' => static fn () => [0, [0]],
    'references' => static function (): array {
        $a = [1];
        return [&$a, &$a];
    },
    'deep' => static function (): array {
        $deep = [];
        for ($i = 0; $i < 200; $i++) {
            $deep = [$deep];
        }
        return $deep;
    },
    'large' => static fn () => str_repeat('x', (16 << 20) + 1),
    'reserved' => static fn () => ['__error__' => 1],
    'float' => static fn () => [0.1, -0.0, INF, 1e300],
    'use' => static fn (mixed $value): mixed => Zroute\MessagePack::unpack(Zroute\MessagePack::pack([$value])),
]);
$server->raw(static fn (string $body) => $body === 'not a string' ? 1 : strrev($body));
echo $server->bind('tcp://127.0.0.1:0'), "\n";
$server->run();
