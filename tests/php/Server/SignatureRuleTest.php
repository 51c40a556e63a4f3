<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use Zroute\Client;
use Zroute\Exception\InvalidOption;
use Zroute\Server;
use Zroute\Tests\ProcessTestCase;

/**
 * How handlers get their parameters.
 */
final class SignatureRuleTest extends ProcessTestCase
{
    private Client $client;

    protected function setUp(): void
    {
        $this->client = $this->serve()->client();
    }

    public function testOneParameterWithoutATypeOrForArraysGetsThemWhole(): void
    {
        foreach ([[], [1, 2], ['a' => 1, 'b' => [2]], [5 => 'x']] as $parameters) {
            foreach (['untyped', 'mixed', 'nullable_array', 'iterable', 'array_with_default'] as $function) {
                self::assertSame($parameters, $this->client->call($function, $parameters), $function);
            }
        }
        foreach ([null, true, 7, 1.5, 'text'] as $parameters) {
            self::assertSame($parameters, $this->client->call('untyped', $parameters));
            self::assertSame($parameters, $this->client->call('mixed', $parameters));
        }
        self::assertNull($this->client->call('nullable_array', null));
    }

    public function testAHandlerForArraysRefusesEverythingElse(): void
    {
        foreach (['plus', 'iterable', 'array_with_default', 'array_sum'] as $function) {
            foreach ([5, 'text', true, 1.5, null] as $parameters) {
                self::assertMismatch($this, $function, $parameters, 'must be of type');
            }
        }
    }

    /** @return iterable<string, array{string, mixed, mixed}> */
    public static function fitting(): iterable
    {
        yield 'a list by position' => ['subtract', [10, 3], 7];
        yield 'a map by name' => ['subtract', ['what' => 3, 'from' => 10], 7];
        yield 'one typed parameter' => ['one_int', [5], 5];
        yield 'one typed parameter by name' => ['one_int', ['value' => 5], 5];
        yield 'none for none' => ['nothing', [], 'nothing'];
        yield 'null for none' => ['nothing', null, 'nothing'];
        yield 'several arrays' => ['two_arrays', [[1], [2]], [1, 2]];
        yield 'defaults' => ['greet', ['Ann'], 'Hello, Ann!'];
        yield 'a default given' => ['greet', ['Ann', 'Hi'], 'Hi, Ann!'];
        yield 'a default passed over by name' => ['greet', ['name' => 'Ann', 'mark' => '?'], 'Hello, Ann?'];
        yield 'null where it may be' => ['greet', ['Ann', 'Hi', null], 'Hi, Ann'];
        yield 'a variadic with none' => ['total', [1], 1];
        yield 'a variadic with many' => ['total', [1, 2, 3, 4], 10];
        yield 'a variadic with names' => ['total', ['first' => 1, 'a' => 2, 'b' => 3], 6];
        yield 'all in a variadic' => ['collect', [1, 'a'], [1, 'a']];
        yield 'all in a variadic by name' => ['collect', ['x' => 1, 'y' => 2], ['x' => 1, 'y' => 2]];
        yield 'a union type' => ['union', ['text'], 'text'];
        yield 'an int for a float' => ['float', [2], 2.0];
        yield 'an internal function' => ['strtoupper', ['abc'], 'ABC'];
        yield 'an internal function by name' => ['round', ['num' => 2.345, 'precision' => 1], 2.3];
        yield 'an internal function for an array' => ['array_sum', [1, 2, 3], 6];
        yield 'an internal variadic' => ['max', [3, 9, 4], 9];
        yield 'a static method' => ['static', [4], 8];
        yield 'a static method in a pair' => ['static_pair', [4], 8];
        yield 'a method' => ['method', [3], 1.5];
        yield 'an invokable object' => ['invokable', [3, 4], 12];
        yield 'a first-class callable' => ['first_class', ['abc'], 'cba'];
        yield 'a magic method' => ['magic', [1, 2], 'magic2'];
    }

    /** @dataProvider fitting */
    public function testParametersThatFitAreSpread(string $function, mixed $parameters, mixed $answer): void
    {
        self::assertSame($answer, $this->client->call($function, $parameters));
    }

    /** @return iterable<string, array{string, mixed, string}> */
    public static function notFitting(): iterable
    {
        yield 'too few' => ['subtract', [1], 'expected 2 parameters, got 1'];
        yield 'too many' => ['subtract', [1, 2, 3], 'expected 2 parameters, got 3'];
        yield 'too many for none' => ['nothing', [1], 'expected 0 parameters, got 1'];
        yield 'too many with defaults' => ['greet', ['a', 'b', 'c', 'd'], 'expected 1 to 3 parameters, got 4'];
        yield 'too few for a variadic' => ['total', [], 'expected 1 or more parameters, got 0'];
        yield 'a wrong type' => ['subtract', [1, 'two'], 'Argument #2 ($what) must be of type int, string given'];
        yield 'a wrong type by name' => ['subtract', ['from' => 1, 'what' => 'two'], 'Argument #2 ($what)'];
        yield 'a wrong type in a variadic' => ['total', [1, 2, 'x'], 'Argument #3 must be of type int'];
        yield 'a number in text' => ['subtract', [1, '2'], 'must be of type int, string given'];
        yield 'a float for an int' => ['one_int', [2.0], 'must be of type int, float given'];
        yield 'null for an int' => ['one_int', [null], 'must be of type int, null given'];
        yield 'an int for a string' => ['strtoupper', [5], 'must be of type string, int given'];
        yield 'an unknown name' => ['subtract', ['from' => 1, 'that' => 2], "named from, what, got one named 'that'"];
        yield 'a name where none is' => ['nothing', ['x' => 1], "expected no parameters, got one named 'x'"];
        yield 'a name that an internal variadic has not' => ['max', ['value' => 1, 'x' => 2], "one named 'x'"];
        yield 'a missing name' => ['subtract', ['what' => 2], 'expected a parameter named from, got none'];
        yield 'keys that are numbers' => ['subtract', [1 => 1, 2 => 2], 'a map with the key 1'];
        yield 'names and numbers' => ['subtract', ['from' => 1, 5 => 2], 'a map with the key 5'];
        yield 'no list at all' => ['subtract', 'text', 'expected a list or a map of parameters, got string'];
        yield 'a method and a wrong type' => ['method', ['x'], '(): Argument #1 ($a) must be of type int'];
    }

    /** @dataProvider notFitting */
    public function testParametersThatDoNotFitAreRefused(string $function, mixed $parameters, string $text): void
    {
        self::assertMismatch($this, $function, $parameters, $text);
        self::assertSame(6, $this->client->call('plus', [1, 2, 3]), 'the next call is served');
    }

    public function testATypeErrorInsideTheHandlerIsNotTheCallersFault(): void
    {
        foreach (['throws_type_error', 'throws_own_type_error', 'wrong_return_type'] as $function) {
            $failure = $this->failure(fn () => $this->client->call($function));
            self::assertSame(-32603, $failure->getCode(), $function);
            self::assertSame('TypeError', $failure->name);
        }
    }

    public function testARefusalDoesNotTellWhereTheServersFilesAre(): void
    {
        $failure = $this->failure(fn () => $this->client->call('subtract', [1, 'two']));
        self::assertStringNotContainsString('.php', $failure->remoteMessage);
        self::assertStringNotContainsString(dirname(__DIR__), $failure->remoteMessage);
    }

    public function testHandlersThatTakeReferencesAreRefusedAtOnce(): void
    {
        $handlers = [
            static function (array &$data): void {
            },
            static function (int $a, int &...$more): void {
            },
            'sort',
            'array_push',
        ];
        foreach ($handlers as $handler) {
            try {
                new Server(['f' => $handler]);
                self::fail('it was taken');
            } catch (InvalidOption $e) {
                self::assertStringContainsString('references', $e->getMessage());
            }
        }
    }

    public function testWhatCannotBeCalledIsRefusedAtOnce(): void
    {
        $names = ['no_such_function' => 'no_such_function', 'Zroute\Nothing::at' => 'Zroute\Nothing,'];
        foreach ($names as $handler => $got) {
            try {
                new Server(['f' => $handler]);
                self::fail('it was taken');
            } catch (InvalidOption $e) {
                $text = "the handler of 'f' cannot be used: there is no function or class $got";
                self::assertStringContainsString($text, $e->getMessage());
            }
        }
    }

    private static function assertMismatch(self $test, string $function, mixed $parameters, string $text): void
    {
        $failure = $test->failure(fn () => $test->client->call($function, $parameters));
        self::assertSame(-32602, $failure->getCode(), $function);
        self::assertSame('InvalidParameters', $failure->name);
        self::assertStringContainsString($text, $failure->remoteMessage);
    }
}
