<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use Zroute\Client;
use Zroute\Native;
use Zroute\Exception\InvalidValue;
use Zroute\Exception\RemoteError;
use Zroute\Tests\ProcessTestCase;

/**
 * What a handler does to its own call, it does to no other.
 */
final class FailureTest extends ProcessTestCase
{
    private Client $client;

    private function start(array $options = [], array $settings = []): void
    {
        $this->client = $this->serve('functions', $options, $settings)->client();
    }

    /** @return iterable<string, array{string, int, string, string}> */
    public static function failures(): iterable
    {
        yield 'an exception' => ['throws', -32603, 'DomainException', "no luck\u{FFFD} today"];
        yield 'an error' => ['assert', -32603, 'AssertionError', 'it is not so'];
        yield 'a division by zero' => ['divides', -32603, 'DivisionByZeroError', 'Division by zero'];
        yield 'an exception of a nameless class' => [
            'throws_own_class', -32603, 'RuntimeException@anonymous', 'anonymous',
        ];
        yield 'a text that is not UTF-8' => ['throws_bytes', -32603, 'RuntimeException', '??'];
        yield 'an exception from deep below' => ['recurses', -32603, 'LogicException', 'the bottom'];
        yield 'a fault about the parameters' => [
            'throws_wrong_parameters', -32602, 'InvalidParameters', 'the date lies in the past',
        ];
        yield 'an unknown function' => ['nobody', -32601, 'UnknownFunction', "no function is called 'nobody' here"];
        yield 'a closure' => ['closure', -32603, InvalidValue::class, 'an object of class Closure'];
        yield 'a closure deep inside' => [
            'closure_deep', -32603, InvalidValue::class, "the value['a'][1]['b'] is an object of class Closure",
        ];
        yield 'a resource' => ['resource', -32603, InvalidValue::class, 'is resource (stream)'];
        yield 'a resource deep inside' => [
            'resource_deep', -32603, InvalidValue::class, "the value[1]['stream'] is resource (stream)",
        ];
        yield 'a closed resource' => ['closed_resource', -32603, InvalidValue::class, 'resource (closed)'];
        yield 'an object' => ['object', -32603, InvalidValue::class, 'an object of class Exception'];
        yield 'an object deep inside' => [
            'object_deep', -32603, InvalidValue::class, "the value['exceptions'][0] is an object of class Exception",
        ];
        yield 'an enum without values' => ['pure_enum', -32603, InvalidValue::class, 'Direction'];
        yield 'the reserved map' => ['reserved', -32603, 'HandlerFailed', "'__error__'"];
        yield 'the reserved map as an object' => [
            'reserved_object',
            -32603,
            // With serialize() it is looked at in PHP first.
            Native::get()->bridge() === 'slot' ? 'HandlerFailed' : 'InvalidValue',
            "'__error__'",
        ];
        yield 'an array that holds itself twice' => [
            'holds_itself_twice', -32603, InvalidValue::class, 'holds itself',
        ];
        yield 'objects in a ring' => ['objects_in_a_ring', -32603, InvalidValue::class, 'holds itself'];
        yield 'more than the limit' => ['too_large', -32004, 'TooLarge', '17825'];
        yield 'a generator that throws' => ['generator_that_throws', -32603, 'RuntimeException', 'half way'];
        yield 'a generator with odd keys' => [
            'odd_keys', -32603, InvalidValue::class, 'the value yields a key of type array',
        ];
        yield 'a generator with a key twice' => [
            'key_twice', -32603, InvalidValue::class, 'the value yields the key 0 twice',
        ];
    }

    /** @dataProvider failures */
    public function testAFailedCallTellsWhyAndTheNextIsServed(
        string $function,
        int $code,
        string $name,
        string $text
    ): void {
        $this->start();
        $failure = $this->failure(fn () => $this->client->call($function));
        self::assertSame($code, $failure->getCode());
        self::assertStringEndsWith($name, $failure->name);
        self::assertStringContainsString($text, $failure->remoteMessage);
        self::assertSame(6, $this->client->call('plus', [1, 2, 3]));
    }

    public function testNestingGoesToTheLimitAndNoFurther(): void
    {
        $this->start();
        foreach (['nested', 'nested_with_zero'] as $function) {
            $answer = $this->client->call($function, [128]);
            $levels = 0;
            while (is_array($answer)) {
                $answer = $answer[0] ?? null;
                $levels++;
            }
            self::assertSame(128, $levels);
            $failure = $this->failure(fn () => $this->client->call($function, [129]));
            self::assertSame(-32603, $failure->getCode());
            self::assertStringContainsString('more than 128 levels deep', $failure->remoteMessage);
        }
        self::assertSame(6, $this->client->call('plus', [1, 2, 3]));
    }

    public function testAHandlerThatWarnsStillAnswers(): void
    {
        $this->start();
        self::assertSame([null, 'fallback', false], $this->client->call('notices'));
        self::assertSame('went on', $this->client->call('warns_deprecates'));
    }

    public function testAFaultCarriesItsCodeAndName(): void
    {
        $this->start();
        $failure = $this->failure(fn () => $this->client->call('throws_fault', ['code' => 7, 'name' => 'NoMoney']));
        self::assertSame([7, 'NoMoney', 'only 3 EUR left'], self::parts($failure));
        $failure = $this->failure(fn () => $this->client->call('throws_fault', ['code' => 1, 'name' => null]));
        self::assertSame([1, 'ApplicationError', 'only 3 EUR left'], self::parts($failure));
        $failure = $this->failure(fn () => $this->client->call('throws_fault', ['code' => PHP_INT_MAX, 'name' => 'é']));
        self::assertSame([PHP_INT_MAX, 'é', 'only 3 EUR left'], self::parts($failure));
        $failure = $this->failure(fn () => $this->client->call('throws_fault', ['code' => -32003, 'name' => null]));
        self::assertSame([-32003, 'Forbidden', 'only 3 EUR left'], self::parts($failure));
    }

    public function testAFaultCannotTakeACodeOfTheProtocols(): void
    {
        foreach ([0, -1, -32700, -32601, PHP_INT_MIN] as $code) {
            try {
                new \Zroute\Fault($code, 'text');
                self::fail("$code was taken");
            } catch (\ValueError $e) {
                self::assertStringContainsString((string) $code, $e->getMessage());
            }
        }
    }

    public function testWithoutErrorDetailsACallerLearnsNothingOfTheInside(): void
    {
        $this->start(['error_details' => false]);
        foreach (['throws', 'divides', 'throws_own_class', 'closure', 'closure_deep', 'resource_deep'] as $function) {
            $failure = $this->failure(fn () => $this->client->call($function));
            self::assertSame([-32603, 'HandlerFailed', 'the handler failed'], self::parts($failure), $function);
        }
    }

    public function testWithoutErrorDetailsFaultsAndMismatchesAreStillTold(): void
    {
        $this->start(['error_details' => false]);
        $failure = $this->failure(fn () => $this->client->call('throws_fault', ['code' => 7, 'name' => 'NoMoney']));
        self::assertSame([7, 'NoMoney', 'only 3 EUR left'], self::parts($failure));
        $failure = $this->failure(fn () => $this->client->call('subtract', [1]));
        self::assertSame(-32602, $failure->getCode());
        self::assertStringContainsString('expected 2 parameters', $failure->remoteMessage);
    }

    public function testAnswersThatAreNoPlainValuesTravelAsSuch(): void
    {
        $this->start();
        self::assertSame([1, [2, 0]], $this->client->call('generator'));
        self::assertSame([['level' => 2]], $this->client->call('json_serializable'));
        self::assertSame(['suit' => 'H'], $this->client->call('enum'));
        self::assertSame('2024-02-29T12:30:15.250000+01:00', $this->client->call('date'));
        self::assertSame(['a' => [], 'b' => []], $this->client->call('std_class'));
        self::assertSame(['same', 'same'], $this->client->call('references'));
        self::assertSame(['__error__' => 1, 'more' => 2], $this->client->call('error_beside_others'));
        self::assertNull($this->client->call('null'));
        [$nan, $positive, $negative, $zero] = $this->client->call('nan');
        self::assertNan($nan);
        self::assertSame([INF, -INF], [$positive, $negative]);
        self::assertSame('-0', (string) $zero);
    }

    public function testAnArrayThatHoldsItselfEndsThere(): void
    {
        $this->start();
        if (Native::get()->bridge() === 'slot') {
            self::assertStringContainsString(
                'holds itself',
                $this->failure(fn () => $this->client->call('holds_itself'))->remoteMessage
            );
        } else {
            // serialize() itself writes the null.
            self::assertSame(['self' => null], $this->client->call('holds_itself'));
        }
    }

    public function testRegisterReplacesAHandlerWhileItServes(): void
    {
        $this->start();
        self::assertSame('old', $this->client->call('replaced'));
        self::assertSame('done', $this->client->call('replace'));
        self::assertSame('new', $this->client->call('replaced'));
    }

    public function testAServerCanBeNeitherClonedNorSerialized(): void
    {
        $this->start();
        [$clone, $serialize] = $this->client->call('copies');
        self::assertStringContainsString('Call to private Zroute\Server::__clone()', $clone);
        self::assertSame('a server cannot be serialized', $serialize);
        self::assertSame(6, $this->client->call('plus', [1, 2, 3]));
    }

    public function testMessagesCannotExhaustTheMemoryOfTheServer(): void
    {
        $this->start([], ['memory_limit' => '64M']);
        $values = [null, [], [1], [1 => 1], [[[[]]]], 'ab', str_repeat('x', 50)];
        [$answered, $refused] = [0, 0];
        foreach ([1_000_000, 10_000_000, 16_000_000] as $length) {
            try {
                self::assertSame($length, strlen($this->client->call('untyped', str_repeat("\xff", $length))));
            } catch (RemoteError $e) {
                self::assertSame(-32004, $e->getCode());
            }
        }
        // Arrays inside each other take the most for each value.
        $deep = [];
        for ($i = 0; $i < 124; $i++) {
            $deep = [$deep];
        }
        foreach ([...$values, $deep] as $value) {
            $counts = $value === $deep ? range(100, 1900, 100) : [15, 2_000, 15_000, 60_000, 250_000];
            foreach ($counts as $count) {
                try {
                    $this->client->call('untyped', array_fill(0, $count, $value));
                    $answered++;
                } catch (RemoteError $e) {
                    self::assertContains($e->getCode(), [-32700, -32004], $e->getMessage());
                    $refused++;
                } catch (InvalidValue) {
                    // Over the client's own limit.
                    break;
                }
            }
        }
        self::assertGreaterThan(10, $answered);
        self::assertGreaterThan(3, $refused);
        self::assertSame(6, $this->client->call('plus', [1, 2, 3]));
    }

    /** @return array{int, string, string} */
    private static function parts(RemoteError $failure): array
    {
        return [$failure->getCode(), $failure->name, $failure->remoteMessage];
    }
}
