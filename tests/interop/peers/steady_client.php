<?php

declare(strict_types=1);

// Makes calls until its input ends: `steady_client.php ENDPOINTS FILE FIRST IDEMPOTENT`.
// Prints the number of calls that were answered, and what became of the others.

require __DIR__ . '/../../../php/autoload.php';

[, $endpoints, $file, $first, $idempotent] = $argv;
$client = new Zroute\Client(explode(',', $endpoints), ['timeout_ms' => 30_000, 'retries' => 100]);
$calls = $idempotent === '1' ? $client->idempotent() : $client;
stream_set_blocking(STDIN, false);
[$answered, $failures] = [0, []];
for ($number = (int) $first; !feof(STDIN); $number++) {
    fread(STDIN, 1);
    try {
        $answer = $calls->call('note', [$file, $number]);
        if ($answer !== $number) {
            throw new RuntimeException("an answer to another call: $answer for $number");
        }
        $answered++;
    } catch (Throwable $e) {
        $failures[] = $e::class . ': ' . $e->getMessage();
    }
}
echo json_encode([$answered, $failures]), "\n";
