<?php

declare(strict_types=1);

namespace Zroute\Laravel\Server;

use Zroute\Exception\InvalidOption;

/**
 * Says which process serves, so surely that a signal reaches no other: a number
 * is given again when a process has ended, so the time of its start is kept too.
 *
 * @internal
 */
final class PidFile
{
    public function __construct(private readonly string $path)
    {
    }

    /** Notes this process; it stays the same when it becomes another program. */
    public function write(): void
    {
        $pid = (int) getmypid();
        // Those who read it see the old one or the new one.
        $staged = "$this->path.$pid";
        $content = json_encode(['pid' => $pid, 'started' => self::started($pid)], JSON_THROW_ON_ERROR) . "\n";
        // Without the warning, which Laravel would throw.
        if (@file_put_contents($staged, $content) === false || !@rename($staged, $this->path)) {
            $why = error_get_last()['message'] ?? 'unknown';
            throw new InvalidOption("the pid file $this->path cannot be written ($why): is its folder there, and may "
                . 'this user write to it? Another one is named by --pid-file, or zroute.server.pid_file');
        }
    }

    /** The process that serves, or null when it has ended or there never was one. */
    public function running(): ?int
    {
        $noted = is_file($this->path) ? json_decode((string) file_get_contents($this->path), true) : null;
        $pid = $noted['pid'] ?? null;
        return is_int($pid) && self::started($pid) !== null && self::started($pid) === $noted['started'] ? $pid : null;
    }

    /** When a process began, on which boot of the machine; null when there is no such process. */
    private static function started(int $pid): ?string
    {
        if (!is_readable("/proc/$pid/stat")) {
            return null;
        }
        $stat = (string) file_get_contents("/proc/$pid/stat");
        // The second field is its name in parentheses; the state is the third, the start the 22nd.
        $fields = explode(' ', substr($stat, (int) strrpos($stat, ')') + 2));
        return in_array($fields[0], ['', 'Z', 'X'], true)
            ? null
            : $fields[19] . ' ' . trim((string) file_get_contents('/proc/sys/kernel/random/boot_id'));
    }
}
