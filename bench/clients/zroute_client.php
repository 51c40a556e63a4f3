<?php
// What zroute_client.c does, in PHP: measured_run.h tells the arguments and the output.
declare(strict_types=1);

require __DIR__ . '/../../php/autoload.php';

const NUMBERS = [1, 2, 2, 3, 3, 4, 2, 3, -1];
const SUM = 19;
const PATIENCE_MS = 5000;
/** With many calls in flight the clock is read once in so many answers. */
const ANSWERS_A_CLOCK_READING = 16;

function callInLockstep(Zroute\Client $client, int $time): array
{
    $latencies = [];
    $began = $called = hrtime(true);
    do {
        $client->call('plus', NUMBERS, PATIENCE_MS) === SUM || exit('wrong answer');
        $now = hrtime(true);
        $latencies[] = $now - $called;
        $called = $now;
    } while ($now - $began < $time);
    return [count($latencies), $now - $began, $latencies];
}

function callWithAWindow(Zroute\Client $client, int $window, int $time, array &$calls): array
{
    $answers = 0;
    $began = hrtime(true);
    do {
        for ($i = 0; $i < ANSWERS_A_CLOCK_READING; $i++) {
            // From one server the answers come in the order of the calls.
            $slot = $answers++ % $window;
            $calls[$slot]->await() === SUM || exit('wrong answer');
            $calls[$slot] = $client->async('plus', NUMBERS, PATIENCE_MS);
        }
        $now = hrtime(true);
    } while ($now - $began < $time);
    // The next measurement begins with the oldest call.
    $oldest = $answers % $window;
    $calls = [...array_slice($calls, $oldest), ...array_slice($calls, 0, $oldest)];
    return [$answers, $now - $began, []];
}

[, $endpoint, $window, $warmUpMs, $measuredMs] = $argv;
$window = (int) $window;
$client = new Zroute\Client($endpoint);
if ($window === 1) {
    $run = static fn (string $ms): array => callInLockstep($client, (int) $ms * 1_000_000);
} else {
    $calls = [];
    for ($i = 0; $i < $window; $i++) {
        $calls[] = $client->async('plus', NUMBERS, PATIENCE_MS);
    }
    $run = static function (string $ms) use ($client, $window, &$calls): array {
        return callWithAWindow($client, $window, (int) $ms * 1_000_000, $calls);
    };
}
$run($warmUpMs);
echo "measuring\n";
[$answers, $time, $latencies] = $run($measuredMs);
echo "$answers $time\n";
// This process has to live until its CPU clock has been read.
fgetc(STDIN);
echo implode("\n", $latencies), $latencies === [] ? '' : "\n";
