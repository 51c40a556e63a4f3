<?php

declare(strict_types=1);

// What is encoded and decoded: name => [value, how many values a row counts as], and true when only the extension and
// the drop-in for it can.

require __DIR__ . '/Item.php';

$request = ['function_name' => 'plus', 'parameters' => [1, 2, 2, 3, 3, 4, 2, 3, -1]];
$records = $strings = $floats = $map = $batch = [];
for ($i = 0; $i < 20_000; $i++) {
    $records[] = [
        'id' => $i, 'name' => "user$i", 'email' => "user$i@example.com", 'age' => $i % 90, 'active' => $i % 2 === 0,
    ];
}
for ($i = 0; $i < 1000; $i++) {
    $floats[] = ($i * 7919 + 1) / 7;
    $strings[] = "a string of some length, number $i";
}
for ($i = 0; $i < 5000; $i++) {
    $map["key$i"] = $i;
}
$plain = $objects = [];
for ($i = 0; $i < 1000; $i++) {
    $plain[] = (object) ['id' => $i, 'name' => "item $i", 'price' => $i / 4];
    $objects[] = new Zroute\Bench\Item($i);
}
for ($i = 0; $i < 64; $i++) {
    // By token, as a server hands them over.
    $batch[1000 + $i] = $request;
}

return [
    'small integer' => [19, 1],
    'demo request' => [$request, 1],
    'demo request, in 64' => [$batch, 64],
    '1,000 floats' => [$floats, 1],
    '1,000 strings' => [$strings, 1],
    '5,000-entry map' => [$map, 1],
    '20,000 records' => [$records, 1],
    '1,000 stdClass' => [$plain, 1, true],
    '1,000 objects' => [$objects, 1, true],
];
