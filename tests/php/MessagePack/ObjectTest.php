<?php

declare(strict_types=1);

namespace Zroute\Tests\MessagePack;

use PHPUnit\Framework\TestCase;
use Zroute\Exception\InvalidValue;
use Zroute\MessagePack;

/**
 * Objects travel when they say as what.
 */
final class ObjectTest extends TestCase
{
    /** @return iterable<string, array{mixed, mixed}> */
    public static function plain(): iterable
    {
        $json = static fn (mixed $value): \JsonSerializable => new class ($value) implements \JsonSerializable {
            public function __construct(private mixed $value)
            {
            }

            public function jsonSerialize(): mixed
            {
                return $this->value;
            }
        };
        yield 'stdClass' => [(object) ['a' => 1, 'b' => (object) []], ['a' => 1, 'b' => []]];
        yield 'JsonSerializable with an array' => [$json(['a' => 0]), ['a' => 0]];
        yield 'JsonSerializable with a number' => [$json(0), 0];
        yield 'JsonSerializable with null' => [$json(null), null];
        yield 'JsonSerializable inside itself' => [$json($json([$json('x')])), ['x']];
        yield 'JsonSerializable with an object' => [$json((object) ['a' => 0]), ['a' => 0]];
        yield 'a backed enum' => [Suit::Hearts, 'H'];
        yield 'a backed enum that is JsonSerializable' => [Level::High, ['level' => 2]];
        $utc = new \DateTimeZone('UTC');
        yield 'DateTimeImmutable' => [
            new \DateTimeImmutable('2024-02-29 23:59:59.000001', $utc), '2024-02-29T23:59:59.000001+00:00',
        ];
        yield 'DateTime' => [
            new \DateTime('1969-12-31 01:02:03', new \DateTimeZone('-03:30')), '1969-12-31T01:02:03.000000-03:30',
        ];
        yield 'ArrayObject' => [new \ArrayObject(['a' => [1, 0]]), ['a' => [1, 0]]];
        yield 'ArrayIterator' => [new \ArrayIterator([1, 2]), [1, 2]];
        yield 'a generator' => [
            (static function (): \Generator {
                yield 'x' => Suit::Spades;
                yield 'y' => [Suit::Hearts];
            })(),
            ['x' => 'S', 'y' => ['H']],
        ];
        yield 'nothing to iterate' => [new \EmptyIterator(), []];
        yield 'an object that serialize() refuses' => [
            new class implements \JsonSerializable {
                /** @return array<never> */
                public function __serialize(): array
                {
                    throw new \LogicException('not this way');
                }

                public function jsonSerialize(): string
                {
                    return 'but this';
                }
            },
            'but this',
        ];
    }

    /** @dataProvider plain */
    public function testAnObjectTravelsAsWhatItSays(mixed $object, mixed $value): void
    {
        if (!$object instanceof \Generator) {
            self::assertSame($value, MessagePack::unpack(MessagePack::pack($object)));
            self::assertSame([['x' => $value], 0], MessagePack::unpack(MessagePack::pack([['x' => $object], 0])));
        } else {
            self::assertSame([[$value]], MessagePack::unpack(MessagePack::pack([[$object]])));
        }
    }

    public function testTheSameObjectTwiceIsSentTwice(): void
    {
        $object = (object) ['a' => [1]];
        self::assertSame([['a' => [1]], ['a' => [1]]], MessagePack::unpack(MessagePack::pack([$object, $object])));
    }

    public function testReferencesAreTakenOff(): void
    {
        $shared = [1, 0];
        $value = ['a' => &$shared, 'b' => &$shared];
        self::assertSame(['a' => [1, 0], 'b' => [1, 0]], MessagePack::unpack(MessagePack::pack($value)));
        self::assertSame([1, 0], $shared);
    }

    /** @return iterable<string, array{mixed, string}> */
    public static function refused(): iterable
    {
        $closed = tmpfile();
        fclose($closed);
        $ring = (object) [];
        $ring->self = $ring->again = $ring;
        yield 'a closure' => [static fn () => 1, 'is an object of class Closure'];
        yield 'a resource' => [STDIN, 'is resource (stream)'];
        yield 'a closed resource' => [$closed, 'is resource (closed)'];
        yield 'an enum without values' => [Direction::Up, 'is an object of class Zroute\Tests\MessagePack\Direction'];
        yield 'an object of any other class' => [new RandomValues(1), 'is an object of class ' . RandomValues::class];
        yield 'an interval' => [new \DateInterval('P1D'), 'is an object of class DateInterval'];
        yield 'an exception' => [new \Exception('x'), 'is an object of class Exception'];
        yield 'a ring of objects' => [$ring, 'holds itself'];
    }

    /** @dataProvider refused */
    public function testWhatSaysNothingIsRefusedWithItsPlace(mixed $value, string $text): void
    {
        $places = [
            'the value' => $value,
            "the value['list'][1]" => ['list' => [0, $value]],
            "the value['list'][0]['x']" => ['list' => new \ArrayIterator([(object) ['x' => $value]])],
        ];
        foreach ($places as $place => $whole) {
            try {
                MessagePack::pack($whole);
                self::fail('it was taken');
            } catch (InvalidValue $e) {
                self::assertStringContainsString($place, $e->getMessage());
                self::assertStringContainsString($text, $e->getMessage());
            }
        }
    }

    public function testWhatAnObjectThrowsComesThrough(): void
    {
        $object = new class implements \JsonSerializable {
            public function jsonSerialize(): mixed
            {
                throw new \DomainException('not now');
            }
        };
        $this->expectException(\DomainException::class);
        $this->expectExceptionMessage('not now');
        MessagePack::pack([$object]);
    }
}
