<?php

declare(strict_types=1);

// What `zroute serve` serves in the tests.

$version = is_file(__DIR__ . '/version') ? (string) file_get_contents(__DIR__ . '/version') : '';

return [
    'plus' => static fn (array $data): int|float => array_sum($data),
    'echo' => static fn (mixed $value): mixed => $value,
    'nap' => static function (int $milliseconds): int {
        usleep($milliseconds * 1000);
        return $milliseconds;
    },
    // Runs until the file is there.
    'await' => static function (string $file): string {
        while (!is_file($file)) {
            usleep(1000);
        }
        return 'awaited';
    },
    'fail' => static fn (mixed $data) => throw new Zroute\Fault(7, 'the account holds 3 €', 'NoMoney'),
    'area' => static fn (int $width, int $height = 1) => $width * $height,
    // How its caller's request came.
    'origin' => static fn (Zroute\Call $call) => ['dialect' => $call->dialect, 'meta' => $call->meta],
    'count' => static function (int $number) {
        for ($i = 0; $i < $number; $i++) {
            yield $i;
        }
    },
    // Notes in a file that it was ended.
    'endless' => static function (string $note) {
        try {
            for ($i = 0;; $i++) {
                yield $i;
            }
        } finally {
            file_put_contents($note, "ended\n", FILE_APPEND);
        }
    },
    'stumble' => static function (int $number) {
        yield from range(0, $number - 1);
        throw new Zroute\Fault(7, 'the account holds 3 €', 'NoMoney');
    },
    'pid' => static fn (): int => (int) getmypid(),
    'version' => static fn (): string => $version,
    // Notes in a file that it has run, and answers with the number.
    'note' => static function (string $file, int $number): int {
        file_put_contents($file, "$number\n", FILE_APPEND);
        return $number;
    },
    'fill' => static fn (int $size): string => str_repeat('x', $size),
    'leave' => static function (): never {
        exit(3);
    },
    'exhaust' => static function (): never {
        for ($held = [];;) {
            $held[] = str_repeat('x', 1 << 20);
        }
    },
    // Through an internal function, which needs the C stack.
    'recurse' => static function (): mixed {
        $again = static function () use (&$again): mixed {
            return array_map($again, [1]);
        };
        return $again();
    },
    'crash' => static function (): mixed {
        posix_kill(getmypid(), SIGKILL);
        return null;
    },
    'spin' => static function (): never {
        for (;;) {
        }
    },
    'print' => static function (string $text): int {
        echo $text, "\n";
        return strlen($text);
    },
];
