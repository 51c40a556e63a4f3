<?php

declare(strict_types=1);

namespace Zroute\Tests\Environment;

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\Process\TemporaryFolder;
use Zroute\Tests\ProcessTestCase;

/**
 * Where the native library cannot be used, the text says why and what to do.
 */
final class NativeLibraryTest extends ProcessTestCase
{
    private const PACKED = "81a1619201cb4004000000000000\n";
    private const FAILURE = 'Zroute\Exception\NativeError: ';

    /** @var list<TemporaryFolder> */
    private array $folders = [];

    public function testNothingButFfiIsNeeded(): void
    {
        self::assertSame(self::PACKED, $this->pack(['-d', 'extension=ffi']));
        self::assertSame(self::PACKED, $this->pack(['-d', 'extension=ffi', '-d', 'ffi.enable=preload']));
        self::assertSame(self::PACKED, $this->pack(['-d', 'extension=ffi', '-d', 'ffi.enable=true']));
    }

    public function testWithoutFfiTheTextNamesTheExtension(): void
    {
        self::assertStringStartsWith(
            self::FAILURE . "Zroute needs PHP's FFI extension: install it",
            $this->pack([])
        );
    }

    public function testWithFfiSwitchedOffTheTextNamesTheSetting(): void
    {
        $text = $this->pack(['-d', 'extension=ffi', '-d', 'ffi.enable=false']);
        self::assertStringStartsWith(self::FAILURE . 'FFI is off for scripts here (ffi.enable=', $text);
        self::assertStringContainsString('ffi.preload', $text);
    }

    public function testAMissingLibraryIsNamed(): void
    {
        $text = $this->pack(['-d', 'extension=ffi'], ['ZROUTE_LIBRARY' => '/nowhere/libzroute.so']);
        self::assertStringStartsWith(self::FAILURE . 'libzroute.so was not found, or cannot be loaded', $text);
        self::assertStringContainsString('/nowhere/libzroute.so', $text);
        self::assertStringContainsString('ZROUTE_LIBRARY', $text);
        self::assertStringContainsString('make install', $text);
    }

    public function testAFileThatIsNoLibraryIsNamed(): void
    {
        $text = $this->pack(['-d', 'extension=ffi'], ['ZROUTE_LIBRARY' => __FILE__]);
        self::assertStringStartsWith(self::FAILURE . 'libzroute.so was not found, or cannot be loaded', $text);
        self::assertStringContainsString(__FILE__, $text);
    }

    /** @return iterable<array{string, int}> */
    public static function versions(): iterable
    {
        yield 'older' => ['0.0.9', 9];
        yield 'newer' => ['0.2.0', 200];
        yield 'much newer' => ['1.1.0', 10100];
    }

    /** @dataProvider versions */
    public function testALibraryOfAnotherVersionIsRefused(string $version, int $number): void
    {
        $library = $this->compile(
            "const char *zroute_version(void) { return \"$version\"; }
            unsigned zroute_version_number(void) { return $number; }\n" . self::stubs()
        );
        self::assertSame(
            self::FAILURE . "libzroute $version does not go with these PHP files, which are for 0.1; "
            . "install both from one release\n",
            $this->pack(['-d', 'extension=ffi'], ['ZROUTE_LIBRARY' => $library])
        );
    }

    public function testALibraryThatLacksAFunctionIsRefused(): void
    {
        $library = $this->compile("unsigned zroute_version_number(void) { return 100; }\n");
        $text = $this->pack(['-d', 'extension=ffi'], ['ZROUTE_LIBRARY' => $library]);
        self::assertStringStartsWith(self::FAILURE, $text);
        self::assertStringContainsString($library, $text);
        self::assertStringContainsString('zroute_', $text);
    }

    public function testTheVersionOfThisReleaseIsRight(): void
    {
        $crate = (string) file_get_contents(__DIR__ . '/../../../Cargo.toml');
        preg_match('/^version = "(\d+\.\d+\.\d+)"/m', $crate, $match);
        self::assertSame($match[1], \Zroute\Native::get()->version());
    }

    /**
     * @param list<string> $arguments of PHP
     * @param array<string, string> $environment
     */
    private function pack(array $arguments, array $environment = []): string
    {
        $command = [PHP_BINARY, '-n', ...$arguments, __DIR__ . '/pack.php'];
        return $this->own(new ChildProcess($command, $environment))->readAll();
    }

    /** Every other function of the header, doing nothing. */
    private static function stubs(): string
    {
        $header = (string) file_get_contents(__DIR__ . '/../../../include/zroute-php.h');
        preg_match_all('/\b(zroute_\w+)\((?!\*)/', $header, $match);
        $names = array_diff(array_unique($match[1]), ['zroute_version', 'zroute_version_number']);
        return implode('', array_map(static fn (string $name): string => "void $name(void) {}\n", $names));
    }

    private function compile(string $source): string
    {
        $folder = $this->folders[] = new TemporaryFolder();
        file_put_contents("$folder->path/library.c", $source);
        $compiler = $this->own(new ChildProcess([
            'gcc', '-shared', '-fPIC', '-o', "$folder->path/libzroute.so", "$folder->path/library.c",
        ]));
        self::assertSame(0, $compiler->wait(), $compiler->errors());
        return "$folder->path/libzroute.so";
    }
}
