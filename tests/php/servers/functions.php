<?php

// Serves a function for each promise that needs nothing but a handler.

declare(strict_types=1);

use Zroute\Fault;
use Zroute\Server;
use Zroute\Tests\MessagePack\Direction;
use Zroute\Tests\MessagePack\Level;
use Zroute\Tests\MessagePack\Suit;

require __DIR__ . '/../autoload.php';

ini_set('display_errors', 'stderr');

$calculator = new class {
    public function __invoke(int $a, int $b): int
    {
        return $a * $b;
    }

    public static function double(int $a): int
    {
        return 2 * $a;
    }

    public function half(int $a): float
    {
        return $a / 2;
    }

    /** @param array<mixed> $arguments */
    public function __call(string $name, array $arguments): string
    {
        return $name . count($arguments);
    }
};

$nested = static function (int $levels): array {
    $value = [];
    while (--$levels > 0) {
        $value = [$value];
    }
    return $value;
};

$route = [
    // As in the seed.
    'plus' => function (array $data) {
        return array_sum($data);
    },
    'process' => fn () => getmypid(),

    // Signatures.
    'untyped' => fn ($value) => $value,
    'mixed' => fn (mixed $value) => $value,
    'nullable_array' => fn (?array $value) => $value,
    'iterable' => fn (iterable $value) => $value,
    'array_with_default' => fn (array $value = ['default']) => $value,
    'nothing' => fn () => 'nothing',
    'subtract' => fn (int $from, int $what) => $from - $what,
    'one_int' => fn (int $value) => $value,
    'two_arrays' => fn (array $a, array $b) => [...$a, ...$b],
    'greet' => fn (string $name, string $greeting = 'Hello', ?string $mark = '!') => "$greeting, $name$mark",
    'total' => fn (int $first, int ...$more) => $first + array_sum($more),
    'collect' => fn (...$all) => $all,
    'union' => fn (int|string $value) => $value,
    'float' => fn (float $value) => $value,
    'array_sum' => 'array_sum',
    'strtoupper' => 'strtoupper',
    'max' => 'max',
    'round' => 'round',
    'static' => $calculator::class . '::double',
    'static_pair' => [$calculator::class, 'double'],
    'method' => [$calculator, 'half'],
    'invokable' => $calculator,
    'first_class' => strrev(...),
    'magic' => [$calculator, 'magic'],

    // Handlers that fail.
    'throws' => fn () => throw new DomainException("no luck\0 today"),
    'throws_type_error' => fn () => strlen([]),
    'throws_own_type_error' => fn () => (fn (int $x) => $x)('text'),
    'wrong_return_type' => fn (): int => 'text',
    'throws_wrong_parameters' => fn () => throw new Fault(Fault::PARAMETERS, 'the date lies in the past'),
    'throws_fault' => fn (array $data) => throw new Fault($data['code'], 'only 3 EUR left', $data['name']),
    'throws_own_class' => fn () => throw new class ('anonymous') extends RuntimeException {
    },
    'throws_bytes' => fn () => throw new RuntimeException("\xff\xfe"),
    'assert' => fn () => throw new AssertionError('it is not so'),
    'divides' => fn () => intdiv(1, 0),
    'recurses' => function () {
        $recurse = function (int $n) use (&$recurse) {
            return $n === 0 ? throw new LogicException('the bottom') : $recurse($n - 1);
        };
        return $recurse(20_000);
    },
    'notices' => function () {
        return [$undefined, [][5] ?? 'fallback', hex2bin('abc')];
    },
    'warns_deprecates' => function () {
        trigger_error('careful', E_USER_WARNING);
        trigger_error('old', E_USER_DEPRECATED);
        return 'went on';
    },

    // Answers that cannot travel.
    'closure' => fn () => fn () => 1,
    'closure_deep' => fn () => ['a' => [1, ['b' => fn () => 1]]],
    'resource' => fn () => STDERR,
    'resource_deep' => fn () => [1, ['stream' => STDERR]],
    'closed_resource' => function () {
        $file = tmpfile();
        fclose($file);
        return $file;
    },
    'object' => fn () => new Exception('as a value'),
    'object_deep' => fn () => ['exceptions' => [new Exception('as a value')]],
    'pure_enum' => fn () => Direction::Up,
    'reserved' => fn () => ['__error__' => ['code' => 1, 'name' => 'Forged', 'message' => 'not so']],
    'reserved_object' => fn () => (object) ['__error__' => 0],
    'nested' => fn (array $data) => $nested($data[0]),
    'nested_with_zero' => fn (array $data) => [$nested($data[0] - 1), 0],
    'holds_itself' => function () {
        $a = [];
        $a['self'] = &$a;
        return $a;
    },
    'holds_itself_twice' => function () {
        $a = [];
        $a[] = &$a;
        $a[] = &$a;
        return $a;
    },
    'objects_in_a_ring' => function () {
        $a = new stdClass();
        $a->left = $a->right = $a;
        return ['ring' => $a];
    },
    'too_large' => fn () => str_repeat('x', 17 << 20),
    'generator_that_throws' => function () {
        yield 1;
        throw new RuntimeException('half way');
    },
    // A generator is a stream, but none that lies in something else.
    'key_twice' => fn () => new IteratorIterator((function () {
        yield 1;
        yield from [2, 3];
    })()),
    'odd_keys' => fn () => new IteratorIterator((function () {
        yield [] => 1;
    })()),

    // Answers that travel though they are no plain values.
    'generator' => function () {
        yield 'a' => 1;
        yield 'b' => [2, 0];
    },
    'json_serializable' => fn () => [Level::High],
    'enum' => fn () => ['suit' => Suit::Hearts],
    'date' => fn () => new DateTimeImmutable('2024-02-29 12:30:15.25 +01:00'),
    'std_class' => fn () => (object) ['a' => (object) [], 'b' => []],
    'references' => function () {
        $text = 'same';
        return [&$text, &$text];
    },
    'error_beside_others' => fn () => ['__error__' => 1, 'more' => 2],
    'nan' => fn () => [NAN, INF, -INF, -0.0],
    'null' => fn () => null,
];

$server = new Server($route, json_decode($argv[1] ?? '{}', true));
$server->register('counters', fn () => $server->counters());
$server->register('replace', function () use ($server): string {
    $server->register('replaced', fn () => 'new');
    return 'done';
});
$server->register('replaced', fn () => 'old');
$server->register('copies', function () use ($server): array {
    $failures = [];
    foreach ([fn () => clone $server, fn () => serialize($server), fn () => var_export($server, true)] as $copy) {
        try {
            $failures[] = gettype($copy());
        } catch (Throwable $e) {
            $failures[] = $e->getMessage();
        }
    }
    return $failures;
});

echo $server->bind('tcp://127.0.0.1:0'), "\n";
$server->run();
