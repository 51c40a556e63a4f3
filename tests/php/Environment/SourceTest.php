<?php

declare(strict_types=1);

namespace Zroute\Tests\Environment;

use PHPUnit\Framework\TestCase;

/**
 * What holds for every file of php/src; `make lint-php` checks PSR-12.
 */
final class SourceTest extends TestCase
{
    private const FOLDER = __DIR__ . '/../../../php/src';

    /** @return iterable<string, array{string, string}> */
    public static function files(): iterable
    {
        $folder = realpath(self::FOLDER);
        $files = new \RegexIterator(
            new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator($folder)),
            '/\.php$/'
        );
        foreach ($files as $file) {
            $name = substr($file->getPathname(), strlen($folder) + 1, -4);
            yield $name => [$name, (string) file_get_contents($file->getPathname())];
        }
    }

    public function testThereAreFiles(): void
    {
        self::assertGreaterThan(10, iterator_count(self::files()));
    }

    /** @dataProvider files */
    public function testAFileHoldsOneTypeThatNobodyExtends(string $name, string $source): void
    {
        if (self::isLaravels($name)) {
            // Their parents are not here.
            self::assertSame(1, preg_match_all('/^(final class|interface) \w+/m', $source));
            return;
        }
        $type = new \ReflectionClass('Zroute\\' . strtr($name, '/', '\\'));
        // Socket is what its types have in common, and they are final.
        self::assertTrue(
            $type->isFinal() || $type->isInterface() || $type->isEnum() || $type->isTrait() || $name === 'Socket',
            $name
        );
        $declaration = '/^(final |abstract |readonly )*(class|interface|enum|trait) \w/m';
        self::assertSame(1, preg_match_all($declaration, $source));
    }

    /** @dataProvider files */
    public function testTypesAreStrict(string $name, string $source): void
    {
        self::assertStringStartsWith("<?php\n\ndeclare(strict_types=1);\n\nnamespace Zroute", $source);
    }

    /** @dataProvider files */
    public function testNativeAloneKnowsFfi(string $name, string $source): void
    {
        $code = implode('', array_map(
            static fn (\PhpToken $token): string => $token->is([T_COMMENT, T_DOC_COMMENT]) ? '' : $token->text,
            \PhpToken::tokenize($source)
        ));
        self::assertSame($name === 'Native', preg_match('/\bFFI\b|\bCData\b/', $code) === 1);
    }

    /** @dataProvider files */
    public function testLaravelsPartAloneKnowsLaravel(string $name, string $source): void
    {
        if (!self::isLaravels($name)) {
            self::assertDoesNotMatchRegularExpression('/Illuminate|Laravel/', $source);
        } else {
            self::assertStringNotContainsString('Zroute\Native', $source);
        }
    }

    private static function isLaravels(string $name): bool
    {
        return str_starts_with($name, 'Laravel/');
    }
}
