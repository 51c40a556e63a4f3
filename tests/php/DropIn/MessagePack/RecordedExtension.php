<?php

declare(strict_types=1);

namespace Zroute\Tests\DropIn\MessagePack;

/** The extension whose bytes the drop-in writes: 2.2. Its next version packs an enum's case otherwise. */
final class RecordedExtension
{
    public static function isInstalled(): bool
    {
        static $version;
        $version ??= exec(
            escapeshellarg(PHP_BINARY) . ' -n -d extension=msgpack -r ' . escapeshellarg('echo phpversion("msgpack");')
        );
        return str_starts_with((string) $version, '2.');
    }
}
