<?php

declare(strict_types=1);

return [
    'count' => function (int $to): Generator {
        for ($i = 0; $i < $to; $i++) {
            yield $i;
        }
    },
    'noted' => function (string $file): Generator {
        try {
            while (true) {
                yield 1;
            }
        } finally {
            file_put_contents($file, 'ended');
        }
    },
    'fails' => function (): Generator {
        yield 1;
        throw new Zroute\Fault(7, 'as asked', 'Broken');
    },
    'dies' => function (): Generator {
        yield 1;
        posix_kill(posix_getpid(), SIGKILL);
        yield 2;
    },
    'plus' => fn (array $numbers) => array_sum($numbers),
    'nap' => function (int $ms): int {
        usleep($ms * 1000);
        return $ms;
    },
    'who' => fn (Zroute\Call $call) => [$call->dialect, $call->meta, $call->peer !== ''],
];
