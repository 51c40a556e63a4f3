<?php

declare(strict_types=1);

namespace Zroute\Tests\Process;

/**
 * A folder that everybody can read, and that is gone with its object.
 */
final class TemporaryFolder
{
    public readonly string $path;

    public function __construct()
    {
        $this->path = sys_get_temp_dir() . '/zroute-test-' . bin2hex(random_bytes(6));
        mkdir($this->path);
        chmod($this->path, 0o755);
    }

    /** Copies a file, or a folder with all that is in it. */
    public function copy(string $from, string $to): void
    {
        if (!is_dir($from)) {
            copy($from, "$this->path/$to");
            chmod("$this->path/$to", 0o644);
            return;
        }
        mkdir("$this->path/$to");
        chmod("$this->path/$to", 0o755);
        foreach (array_diff(scandir($from), ['.', '..']) as $entry) {
            $this->copy("$from/$entry", "$to/$entry");
        }
    }

    public function __destruct()
    {
        $entries = new \RecursiveIteratorIterator(
            new \RecursiveDirectoryIterator($this->path, \FilesystemIterator::SKIP_DOTS),
            \RecursiveIteratorIterator::CHILD_FIRST
        );
        foreach ($entries as $entry) {
            $entry->isDir() && !$entry->isLink() ? rmdir($entry->getPathname()) : unlink($entry->getPathname());
        }
        rmdir($this->path);
    }
}
