<?php

declare(strict_types=1);

namespace Zroute\Tests\DropIn\MessagePack;

use Zroute\Tests\DropIn\RecordedTestCase;

/**
 * Beside ext-msgpack, recorded by PHP 8.2. The scripts in scripts/own are about
 * what it has not, and about what the drop-in does otherwise; docs/drop-in.md
 * says why.
 */
final class RecordedTest extends RecordedTestCase
{
    protected static function extension(): ?string
    {
        return RecordedExtension::isInstalled() ? 'msgpack' : null;
    }

    protected function expected(string $name): string
    {
        $recorded = parent::expected($name);
        return PHP_VERSION_ID < 80200 ? self::asInPhp81($recorded) : $recorded;
    }

    protected function output(string $name, array $settings): string
    {
        // The extension gives a Serializable class one byte too many, of which PHP tells since 8.3.
        $extra = '/\[warning: unserialize\(\): Extra data starting at offset \d+ of \d+ bytes\] /';
        return (string) preg_replace($extra, '', parent::output($name, $settings));
    }

    /** There new properties are not deprecated, and a date has no __serialize(). */
    private static function asInPhp81(string $recorded): string
    {
        $recorded = (string) preg_replace(
            '/\[level 8192: Creation of dynamic property \S+ is deprecated\] /',
            '',
            $recorded
        );
        return str_replace('string(146) "82c0a84461746554696d65c083', 'string(142) "84c0a84461746554696d65', $recorded);
    }
}
