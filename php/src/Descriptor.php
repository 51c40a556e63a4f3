<?php

declare(strict_types=1);

namespace Zroute;

/**
 * The file descriptor of a PHP stream, which PHP does not tell: the one of
 * this process that is open on the same file.
 *
 * @internal
 */
final class Descriptor
{
    private const TYPE = 0o170000;
    /** FIFO, regular file and socket: whoever has one of these open has the same readiness. */
    private const SHARED = [0o010000, 0o100000, 0o140000];

    /** The device of all pseudo terminals' masters, which are terminals too. */
    private const TERMINAL_MASTERS = 5 << 8 | 2;

    private const ACCESS = 0o3;
    private const READ_ONLY = 0;
    private const WRITE_ONLY = 1;
    private const NONBLOCK = 0o4000;

    /**
     * @param resource $stream
     * @return int|null null when there is none, such as for php://memory
     */
    public static function of($stream): ?int
    {
        // Descriptors come and go meanwhile. With @ a program's own error handler would be told of it.
        set_error_handler([self::class, 'ignore']);
        try {
            return self::find($stream);
        } finally {
            restore_error_handler();
        }
    }

    /** For PHP alone, as an error handler. No closure, whose number a program's next object might get. */
    public static function ignore(): bool
    {
        return true;
    }

    /** @param resource $stream */
    private static function find($stream): ?int
    {
        $file = fstat($stream);
        if ($file === false) {
            return null;
        }
        $candidates = self::openOn($file['dev'], $file['ino'], stream_get_meta_data($stream)['mode']);
        if (
            count($candidates) < 2 || in_array($file['mode'] & self::TYPE, self::SHARED, true)
            || stream_isatty($stream) && $file['rdev'] !== self::TERMINAL_MASTERS
        ) {
            return $candidates[0] ?? null;
        }
        return self::thatFollows($stream, $candidates);
    }

    /** @return list<int> the descriptors that are open on a file, for what the mode says */
    private static function openOn(int $device, int $inode, string $mode): array
    {
        $unfit = match (true) {
            str_contains($mode, '+') => null,
            str_starts_with($mode, 'r') => self::WRITE_ONLY,
            default => self::READ_ONLY,
        };
        $found = [];
        clearstatcache();
        foreach (scandir('/proc/self/fd') ?: [] as $name) {
            $file = is_numeric($name) ? stat("/proc/self/fd/$name") : false;
            if (
                $file !== false && $file['ino'] === $inode && $file['dev'] === $device
                && (self::flags((int) $name) & self::ACCESS) !== $unfit
            ) {
                $found[] = (int) $name;
            }
        }
        sort($found);
        return $found;
    }

    /**
     * Event descriptors share one file, and so do some devices. But they do not share
     * whether they block.
     *
     * @param resource $stream
     * @param list<int> $candidates
     */
    private static function thatFollows($stream, array $candidates): ?int
    {
        $blocks = stream_get_meta_data($stream)['blocked'];
        try {
            foreach ([$blocks, !$blocks, $blocks] as $blocking) {
                if (!stream_set_blocking($stream, $blocking)) {
                    return null;
                }
                $candidates = array_filter(
                    $candidates,
                    static fn (int $candidate): bool => ((self::flags($candidate) & self::NONBLOCK) === 0) === $blocking
                );
            }
        } finally {
            stream_set_blocking($stream, $blocks);
        }
        return array_shift($candidates);
    }

    private static function flags(int $descriptor): int
    {
        $info = (string) file_get_contents("/proc/self/fdinfo/$descriptor");
        return preg_match('/^flags:\s*([0-7]+)/m', $info, $match) === 1 ? (int) octdec($match[1]) : 0;
    }
}
