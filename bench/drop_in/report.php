<?php

declare(strict_types=1);

// Makes a table of what turn.php has printed. Arguments: a folder with files named <bytes>.<kind>, a line a round, in
// which the table and all figures are left.

const KINDS = ['extension', 'drop-in'];

$median = static function (array $values): float {
    sort($values);
    $middle = count($values) >> 1;
    return count($values) % 2 === 1 ? $values[$middle] : ($values[$middle - 1] + $values[$middle]) / 2;
};

$folder = $argv[1];
$line = "%-32s %14s %14s %8s\n";
$table = sprintf($line, '', 'ext-zmq', 'drop-in', 'times');
$results = [];
foreach ([64, 4096, 65536] as $bytes) {
    $ns = [];
    foreach (KINDS as $kind) {
        $ns[$kind] = array_map(floatval(...), file("$folder/turns/$bytes.$kind"));
    }
    // Neighbours in a round are compared, since a machine is not as fast all the time.
    $ratio = $median(array_map(static fn ($base, $own) => $own / $base, $ns['extension'], $ns['drop-in']));
    $table .= sprintf(
        $line,
        "REQ, REP over inproc, $bytes bytes",
        sprintf('%.0f ns', $median($ns['extension'])),
        sprintf('%.0f ns', $median($ns['drop-in'])),
        sprintf('%.2f', $ratio)
    );
    $results[$bytes] = ['ratio' => $ratio, 'ns' => $ns];
}
$table .= "\nPHP " . PHP_VERSION . ', ' . count($ns['extension']) . " rounds; the median for each value. "
    . "The last column is how many times as long as with the extension a turn takes.\n";
echo $table;
file_put_contents("$folder/drop_in.txt", $table);
file_put_contents("$folder/drop_in.json", json_encode($results, JSON_PRETTY_PRINT));
