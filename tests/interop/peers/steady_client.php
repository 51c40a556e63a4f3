<?php

declare(strict_types=1);

// Makes calls, eight in flight, until its input ends: `steady_client.php ENDPOINTS FILE FIRST IDEMPOTENT`.
// Prints a line when the first is answered; at the end how many were, and what became of the others.

require __DIR__ . '/../../../php/autoload.php';

const IN_FLIGHT = 8;

[, $endpoints, $file, $first, $idempotent] = $argv;
$client = new Zroute\Client(explode(',', $endpoints), ['timeout_ms' => 30_000, 'retries' => 100]);
stream_set_blocking(STDIN, false);
[$answered, $failures] = [0, []];
for ($number = (int) $first; fread(STDIN, 1) === '' && !feof(STDIN);) {
    $calls = [];
    for ($i = 0; $i < IN_FLIGHT; $i++, $number++) {
        $calls[$number] = $client->async('note', [$file, $number], null, $idempotent === '1');
    }
    foreach ($calls as $expected => $call) {
        try {
            $answer = $call->await();
            if ($answer !== $expected) {
                throw new RuntimeException("an answer to another call: $answer for $expected");
            }
            if ($answered++ === 0) {
                echo "answered\n";
            }
        } catch (Throwable $e) {
            $failures[] = $e::class . ': ' . $e->getMessage();
        }
    }
}
echo json_encode([$answered, $failures]), "\n";
