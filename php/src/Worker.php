<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\InvalidOption;
use Zroute\Worker\Board;

use function is_array;

/**
 * One worker process of `zroute serve`: it serves one caller, the supervisor.
 *
 * @internal
 */
final class Worker
{
    /** What the supervisor hands over. */
    private const ENDPOINT = 'ZROUTE_WORKER_ENDPOINT';
    private const BOARD = 'ZROUTE_WORKER_BOARD';
    private const OPTIONS = 'ZROUTE_WORKER_OPTIONS';

    /**
     * Serves the functions of a file until the supervisor ends it.
     *
     * @param string $file what Routes::fromFile() takes
     */
    public static function run(string $file): void
    {
        [$endpoint, $board, $options] = self::handedOver();
        $server = new Server([], $options);
        Routes::fromFile($file)->register($server);
        $board = new Board(Native::get()->mapBoard($board));
        $server->watchedBy($board);
        $server->bind($endpoint);
        $board->isUp();
        $server->run();
    }

    /**
     * What the supervisor has put into the environment, which is taken out of
     * it: programs that handlers start are no workers.
     *
     * @return array{string, string, array<string, int|string|bool>}
     */
    private static function handedOver(): array
    {
        $values = [];
        foreach ([self::ENDPOINT, self::BOARD, self::OPTIONS] as $name) {
            $value = getenv($name);
            if ($value === false) {
                throw new InvalidOption("$name is not set: this file is started by 'zroute serve', not by hand");
            }
            putenv($name);
            unset($_ENV[$name], $_SERVER[$name]);
            $values[] = $value;
        }
        [$endpoint, $board, $options] = $values;
        $options = json_decode($options, true, 2, JSON_THROW_ON_ERROR);
        return [$endpoint, $board, is_array($options) ? $options : []];
    }
}
