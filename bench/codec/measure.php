<?php

declare(strict_types=1);

// Times every row with one codec, and prints a line for each: the row, the direction, nanoseconds.
// Arguments: slot, serialize, drop-in-slot, drop-in-serialize or ext-msgpack; how many seconds to spend on each.

use Zroute\MessagePack;

require __DIR__ . '/../../php/autoload.php';

[, $codec, $seconds] = $argv;
$bridge = str_replace('drop-in-', '', $codec);
if ($bridge !== $codec) {
    require __DIR__ . '/../../php/drop-in.php';
}
$extension = function_exists('msgpack_pack');

// Loops of their own, so that nothing but the call is in them.
$loops = $extension ? [
    'encode' => static function (mixed $value, int $times): void {
        for (; $times > 0; $times--) {
            \msgpack_pack($value);
        }
    },
    'decode' => static function (string $packed, int $times): void {
        for (; $times > 0; $times--) {
            \msgpack_unpack($packed);
        }
    },
] : [
    'encode' => static function (mixed $value, int $times): void {
        for (; $times > 0; $times--) {
            MessagePack::pack($value);
        }
    },
    'decode' => static function (string $packed, int $times): void {
        for (; $times > 0; $times--) {
            MessagePack::unpack($packed);
        }
    },
];
if ($codec !== 'ext-msgpack' && Zroute\Native::get()->bridge() !== $bridge) {
    fwrite(STDERR, "this is not the bridge $codec\n");
    exit(1);
}

foreach (require __DIR__ . '/rows.php' as $row => $about) {
    [$value, $count] = $about;
    $objects = $about[2] ?? false;
    if ($objects && !$extension) {
        continue;
    }
    if ($objects && $codec !== 'ext-msgpack') {
        Zroute\DropIn\AllowedClasses::set([Zroute\Bench\Item::class]);
    }
    $packed = $extension ? msgpack_pack($value) : MessagePack::pack($value);
    $unpacked = $extension ? msgpack_unpack($packed) : MessagePack::unpack($packed);
    if ($objects ? $unpacked != $value : $unpacked !== $value) {
        fwrite(STDERR, "$codec: $row does not come back as it was\n");
        exit(1);
    }
    foreach ($loops as $direction => $loop) {
        $input = $direction === 'encode' ? $value : $packed;
        $times = 1;
        do {
            // The last time that is too short also warms up.
            $times *= 2;
            $start = hrtime(true);
            $loop($input, $times);
            $taken = hrtime(true) - $start;
        } while ($taken < $seconds * 1e9 / 2);
        $start = hrtime(true);
        $loop($input, $times);
        $each = (hrtime(true) - $start) / $times / $count;
        echo implode("\t", [$row, $direction, md5($packed), $each]), "\n";
    }
}
