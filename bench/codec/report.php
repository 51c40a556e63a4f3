<?php

declare(strict_types=1);

// Makes a table of what measure.php has printed. Arguments: a folder with files named <round>.<codec>, in which the
// table and all figures are left.

const CODECS = ['slot', 'serialize', 'drop-in-slot', 'drop-in-serialize', 'ext-msgpack'];
const BASELINE = 'ext-msgpack';

$folder = $argv[1];
$rounds = $bytes = [];
foreach (CODECS as $codec) {
    foreach (glob("$folder/rounds/*.$codec") as $file) {
        foreach (file($file, FILE_IGNORE_NEW_LINES) as $line) {
            [$row, $direction, $digest, $each] = explode("\t", $line);
            $rounds[$row][$direction][$codec][] = (float) $each;
            $bytes[$row][$digest] = true;
        }
    }
}

$median = static function (array $values): float {
    sort($values);
    $middle = count($values) >> 1;
    return count($values) % 2 === 1 ? $values[$middle] : ($values[$middle - 1] + $values[$middle]) / 2;
};
$shown = static fn (float $ns): string => match (true) {
    $ns < 1e4 => sprintf('%.0f ns', $ns),
    $ns < 1e6 => sprintf('%.1f us', $ns / 1e3),
    default => sprintf('%.2f ms', $ns / 1e6),
};

$line = "%-20s %-7s %10s" . str_repeat(' %17s %6s', count(CODECS) - 1) . "\n";
$heads = [];
foreach (array_diff(CODECS, [BASELINE]) as $codec) {
    array_push($heads, str_replace('-serialize', ', serialize', str_replace('-slot', ', slot', $codec)), 'ratio');
}
$table = sprintf($line, '', '', BASELINE, ...$heads);
$results = [];
foreach ($rounds as $row => $directions) {
    if (count($bytes[$row]) !== 1) {
        fwrite(STDERR, "$row: the codecs do not write the same bytes\n");
        exit(1);
    }
    foreach ($directions as $direction => $codecs) {
        $cells = [$row, $direction, $shown($median($codecs[BASELINE]))];
        foreach (array_diff(CODECS, [BASELINE]) as $codec) {
            if (!isset($codecs[$codec])) {
                array_push($cells, '', '');
                continue;
            }
            // Neighbours in a round are compared, since a machine is not as fast all the time.
            $ratio = $median(array_map(static fn ($base, $own) => $base / $own, $codecs[BASELINE], $codecs[$codec]));
            array_push($cells, $shown($median($codecs[$codec])), sprintf('%.2f', $ratio));
            $results[$row][$direction][$codec] = ['ratio' => $ratio, 'ns' => $codecs[$codec]];
        }
        $results[$row][$direction][BASELINE] = ['ns' => $codecs[BASELINE]];
        $table .= vsprintf($line, $cells);
    }
}
$table .= "\nPHP " . PHP_VERSION . (PHP_ZTS ? ' thread-safe' : '') . ', ' . count(glob("$folder/rounds/*." . BASELINE))
    . " rounds; the median for each value. A ratio above 1 is how many times faster than ext-msgpack.\n";
echo $table;
file_put_contents("$folder/codec.txt", $table);
file_put_contents("$folder/codec.json", json_encode($results, JSON_PRETTY_PRINT));
