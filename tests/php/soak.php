<?php

// Makes many calls from PHP to PHP, and fails when one is wrong or when either
// process grows after the first tenth, or 25,000 calls if that is more (buffers
// get their size from the largest batch so far): `php soak.php [CALLS]`, a
// million if it is not said.

declare(strict_types=1);

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\Process\ServerProcess;

require __DIR__ . '/bootstrap.php';

const IN_FLIGHT = 256;

$calls = (int) ($argv[1] ?? 1_000_000);
// Buffers may still grow; whoever lost something with each call would lose more.
$allowed = (1 << 20) + 2 * $calls;
$server = new ServerProcess(ChildProcess::php(__DIR__ . '/servers/functions.php'));
$client = $server->client(['timeout_ms' => 60_000]);

$resident = static fn (): array => [
    'client' => (int) explode(' ', (string) file_get_contents('/proc/self/statm'))[1] * 4096,
    'server' => $server->process->residentMemory(),
];

$warm = null;
$failures = 0;
$begun = hrtime(true);
/** @var SplQueue<array{int, Zroute\PendingCall}> $inFlight */
$inFlight = new SplQueue();
for ($i = 0; $i < $calls + IN_FLIGHT; $i++) {
    if ($i < $calls) {
        // Answers, discarded calls and faults, as in life.
        $function = ['plus', 'plus', 'untyped', 'plus', 'std_class', 'throws_wrong_parameters'][$i % 6];
        $call = $client->async($function, $i % 6 < 4 ? [$i, 1, 0] : []);
        if ($i % 7 > 0) {
            $inFlight->enqueue([$i, $call]);
        }
    }
    if ($inFlight->count() >= IN_FLIGHT || $i >= $calls && !$inFlight->isEmpty()) {
        [$number, $call] = $inFlight->dequeue();
        try {
            $answer = $call->await();
            $right = match ($number % 6) {
                2 => $answer === [$number, 1, 0],
                4 => $answer === ['a' => [], 'b' => []],
                5 => false,
                default => $answer === $number + 1,
            };
        } catch (Zroute\Exception\RemoteError $e) {
            $right = $number % 6 === 5 && $e->getCode() === -32602;
        }
        $failures += (int) !$right;
    }
    if ($i === max(intdiv($calls, 10), 25_000)) {
        $warm = $resident();
    }
}
$seconds = (hrtime(true) - $begun) / 1e9;
$grown = array_map(static fn (int $now, int $then): int => $now - $then, $resident(), $warm);
$server->process->kill();

printf(
    "%d calls in %.1f s, %d wrong; the client grew by %d KiB, the server by %d KiB\n",
    $calls,
    $seconds,
    $failures,
    $grown[0] >> 10,
    $grown[1] >> 10
);
exit($failures > 0 || max($grown) > $allowed ? 1 : 0);
