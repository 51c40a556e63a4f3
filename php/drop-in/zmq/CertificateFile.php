<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

/**
 * CURVE certificates as CZMQ and pyzmq keep them in files: ZPL (ZeroMQ RFC 4),
 * with the sections `metadata` and `curve`.
 *
 * @internal
 */
final class CertificateFile
{
    /** @return array{metadata: array<string, string>, public: string, secret: ?string}|null null when it is none */
    public static function read(string $path): ?array
    {
        $lines = is_file($path) ? @file($path, FILE_IGNORE_NEW_LINES) : false;
        $values = ['metadata' => [], 'curve' => []];
        $section = '';
        foreach ($lines ?: [] as $line) {
            if (preg_match('/^([\w-]+)\s*(#.*)?$/', $line, $match) === 1) {
                $section = $match[1];
            } elseif (preg_match('/^ {4}([\w.\/-]+)\s*=\s*("([^"]*)"|\'([^\']*)\'|[^\s#]*)/', $line, $match) === 1) {
                $values[$section][$match[1]] = $match[4] ?? $match[3] ?? $match[2];
            }
        }
        $public = $values['curve']['public-key'] ?? '';
        if (strlen($public) !== 40) {
            return null;
        }
        return [
            'metadata' => $values['metadata'],
            'public' => $public,
            'secret' => $values['curve']['secret-key'] ?? null,
        ];
    }

    /**
     * @param array<string, string> $metadata
     * @param string|null $secret the secret key, for a file that nobody else may read
     */
    public static function write(string $path, array $metadata, string $public, ?string $secret): bool
    {
        $kind = $secret === null ? 'public certificate, to be given to peers'
            : 'secret certificate, to be given to nobody';
        if ($path === '' || str_contains($path, "\0")) {
            return false;
        }
        $text = "#   ZeroMQ CURVE $kind\n\nmetadata\n";
        foreach ($metadata as $name => $value) {
            $text .= "    $name = \"$value\"\n";
        }
        $text .= "curve\n    public-key = \"$public\"\n";
        if ($secret !== null) {
            $text .= "    secret-key = \"$secret\"\n";
        }
        $mask = umask($secret === null ? 0o022 : 0o077);
        try {
            $written = @file_put_contents($path, $text);
        } finally {
            umask($mask);
        }
        return $written !== false && ($secret === null || chmod($path, 0o600));
    }
}
