<?php

/*
 * A server in PHP for the tests: `server.php ENDPOINT [OPTION=VALUE]...` prints
 * "listening on ENDPOINT" and serves until SIGTERM. `raw=echo` sends a message
 * that is no call back as it came; `fork=before` leaves a child behind, and tells
 * its process id in a second line.
 */

declare(strict_types=1);

require __DIR__ . '/../../../php/autoload.php';
require __DIR__ . '/Marker.php';
require __DIR__ . '/options.php';

/** @return list<string> the class of every object inside */
function classes_in(mixed $value): array
{
    if (is_object($value)) {
        return [$value::class];
    }
    return is_array($value) ? array_merge([], ...array_map('classes_in', array_values($value))) : [];
}

/** A child that only waits; returns its process id. */
function idle_child(): int
{
    $child = pcntl_fork();
    while ($child === 0) {
        sleep(60);
    }
    return $child;
}

$options = options(array_slice($argv, 2));
$raw = $options['raw'] ?? null;
$fork = $options['fork'] ?? null;
unset($options['raw'], $options['fork']);

$server = new Zroute\Server([
    'each' => function (mixed ...$items): Generator {
        yield from $items;
    },
    'plus' => fn (array $data) => array_sum($data),
    'echo' => fn (mixed $data) => $data,
    'größe' => fn (mixed $data) => $data,
    '功能' => fn (mixed $data) => $data,
    // Says that it runs, and answers when it is told to on stdin.
    'hold' => function (mixed $data) {
        echo "holding\n";
        while (fgets(STDIN) === false && !feof(STDIN)) {
            continue;
        }
        return 1;
    },
    // Works for so many milliseconds: it waits for the first half, and computes in the second.
    'toil' => function (int $milliseconds) {
        $end = hrtime(true) + $milliseconds * 1_000_000;
        while (hrtime(true) < $end - $milliseconds * 500_000) {
            usleep(10_000);
        }
        while (hrtime(true) < $end) {
            hash('sha256', 'toil');
        }
        return $milliseconds;
    },
    'nap' => function (int $milliseconds) {
        usleep($milliseconds * 1000);
        return $milliseconds;
    },
    // As `zroute serve` has them; that file is copied by tests, so it stands alone.
    ...array_intersect_key(
        require __DIR__ . '/routes.php',
        array_flip(['origin', 'count', 'endless', 'stumble'])
    ),
    'fork_and_exit' => function (mixed $data) {
        $child = pcntl_fork();
        if ($child === 0) {
            exit(0);
        }
        pcntl_waitpid($child, $status);
        return pcntl_wexitstatus($status);
    },
    'fork_and_return' => function (mixed $data) {
        $child = pcntl_fork();
        if ($child > 0) {
            pcntl_waitpid($child, $status);
        }
        return $child > 0 ? 'the parent' : 'the child';
    },
    'fork_and_stay' => fn (mixed $data) => idle_child(),
    // The child is a server of its own, and says where.
    'fork_and_serve' => function (mixed $data) {
        $child = pcntl_fork();
        if ($child === 0) {
            $server = new Zroute\Server(['whoami' => fn (mixed $data) => getmypid()]);
            echo 'listening on ', $server->bind('tcp://127.0.0.1:0'), "\n";
            $server->run();
            exit(0);
        }
        return $child;
    },
    'fail' => fn (mixed $data) => throw new Zroute\Fault(7, 'the account holds 3 €', 'NoMoney'),
    'reserved' => fn (mixed $data) => ['__error__' => ['code' => 1]],
    'nearly_reserved' => fn (mixed $data) => ['__error__' => 1, 'x' => 2],
    'area' => fn (int $width, int $height = 1) => $width * $height,
    'first' => new class () {
        public function __invoke(int $only): int
        {
            return $only;
        }
    },
    'length' => 'strlen',
    'typed' => fn (mixed $data) => array_map('get_debug_type', $data),
    'types' => fn (mixed $data) => [
        'null' => null,
        'true' => true,
        'text' => "\u{20AC}",
        'bytes' => "\xFF\x00",
        'float' => 1.0,
        'list' => [1, 2],
        'map' => ['a' => 1],
        'empty array' => [],
        'empty object' => new stdClass(),
        'sparse' => [1 => 'one', 3 => 'three'],
    ],
    'throw' => fn (mixed $data) => throw new DomainException('out of the domain'),
    'divide' => fn (mixed $data) => intdiv(1, 0),
    'type_error' => fn (mixed $data) => strlen([]),
    'count_error' => fn (int $one) => count($one),
    'own_type_error' => fn (mixed $data) => (fn (int $one) => $one)('x'),
    'return_error' => fn (mixed $data): int => 'x',
    'deep_throw' => fn (mixed $data) => throw new RuntimeException(str_repeat("\xFF\0", 100_000)),
    'warn' => function (mixed $data) {
        $empty = [];
        trigger_error('a warning', E_USER_WARNING);
        return $empty['missing'] ?? 'warned';
    },
    'deprecated' => function (mixed $data) {
        trigger_error('a deprecation', E_USER_DEPRECATED);
        return 'deprecated';
    },
    'print' => function (mixed $data) {
        fwrite(STDERR, "a word to stderr\n");
        return 'printed';
    },
    'closure' => fn (mixed $data) => fn () => 1,
    'closure_inside' => fn (mixed $data) => ['a' => [fn () => 1]],
    'generator' => fn (mixed $data) => (function () {
        yield 1;
        yield 2;
    })(),
    'resource' => fn (mixed $data) => STDIN,
    'resource_inside' => fn (mixed $data) => [1, [STDIN]],
    'object' => fn (mixed $data) => new ArrayObject([1]),
    'server_object' => fn (mixed $data) => new SplObjectStorage(),
    'itself' => function (mixed $data) {
        $itself = new stdClass();
        $itself->inside = $itself;
        return $itself;
    },
    'too_deep' => fn (mixed $data) => array_reduce(range(1, 200), fn ($inside) => [$inside], 1),
    'too_large' => fn (mixed $data) => str_repeat('x', 17 << 20),
    'zeros' => fn (mixed $data) => [0, [0, 'a' => 0]],
    'exit' => fn (mixed $data) => exit(3),
    'exhaust' => fn (mixed $data) => str_repeat('x', 1 << 40),
    'fatal' => function (mixed $data) {
        ini_set('memory_limit', '16M');
        $all = [];
        while (true) {
            $all[] = str_repeat('x', 1 << 20);
        }
    },
    'marker' => function (mixed $data) {
        new Marker();
        return 'made';
    },
    'classes' => fn (mixed $data) => classes_in($data),
], $options);
if ($raw === 'echo') {
    $server->raw(fn (string $body) => $body);
}

echo 'listening on ', $server->bind($argv[1] ?? 'tcp://127.0.0.1:0'), "\n";
if ($fork === 'before') {
    echo idle_child(), "\n";
}
$server->run();
