<?php

declare(strict_types=1);

namespace Zroute\Tests\DropIn\MessagePack\Fixture;

/**
 * Makes values by chance, objects and references among them; the same seed
 * makes the same again.
 */
final class RandomGraph
{
    /** @var list<object> objects that may stand at several places */
    private array $objects = [];
    private int $references = 0;

    public function __construct(int $seed)
    {
        mt_srand($seed);
    }

    /** Whether the extension reads its own bytes right: of two references it takes one for the other. */
    public function isReadByTheExtension(): bool
    {
        return $this->references < 1;
    }

    public function value(int $levels = 4): mixed
    {
        return match (mt_rand(0, $levels > 0 ? 13 : 6)) {
            0 => null,
            1 => mt_rand(0, 1) === 1,
            2, 3 => $this->integer(),
            4 => $this->float(),
            5, 6 => $this->text(),
            7 => $this->list($levels - 1),
            8 => $this->map($levels - 1),
            9, 10, 11 => $this->object($levels - 1),
            12 => $this->again($levels),
            13 => $this->references($levels - 1),
        };
    }

    private function integer(): int
    {
        $edges = [0, 1, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, PHP_INT_MAX,
            -1, -32, -33, -128, -129, -32768, -32769, -2147483648, -2147483649, PHP_INT_MIN];
        // No 0 inside: it has a test of its own, for resources.
        return mt_rand(0, 1) === 1 ? $edges[mt_rand(0, 20)] : mt_rand() >> mt_rand(0, 30);
    }

    private function float(): float
    {
        $floats = [0.0, -0.0, 1.5, 0.1, 1 / 3, 1e300, 5e-324, INF, -INF, M_PI, 1e15, -123456.789];
        return $floats[mt_rand(0, 11)];
    }

    private function text(): string
    {
        $letters = ['a', 'Z', '0', '"', ';', '}', "\0", "\xff", 'ä', 's:1:"', 'O:8:"stdClass":0:{}'];
        $sizes = [0, 1, 2, 5, 31, 32, 255, 256];
        $text = '';
        for ($size = $sizes[mt_rand(0, 7)]; strlen($text) < $size;) {
            $text .= $letters[mt_rand(0, 10)];
        }
        return $text;
    }

    /** @return list<mixed> */
    private function list(int $levels): array
    {
        $list = [];
        for ($i = [0, 1, 3, 15, 16, 17][mt_rand(0, 5)]; $i > 0; $i--) {
            $list[] = $this->value(min($levels, $i > 5 ? 0 : $levels));
        }
        return $list;
    }

    /** @return array<mixed> */
    private function map(int $levels): array
    {
        $map = [];
        for ($i = mt_rand(1, 5); $i > 0; $i--) {
            $key = [$this->integer(), $this->text(), '05', '7', mt_rand(0, 3), ''][mt_rand(0, 5)];
            $map[$key] = $this->value($levels);
        }
        return $map;
    }

    private function object(int $levels): object
    {
        $object = match (mt_rand(0, 10)) {
            0 => new \stdClass(),
            1 => (object) ['a' => $this->value($levels), '7' => 1, '' => 2],
            2 => (new Point())->fill($this->value($levels), $this->value(0), $this->value($levels)),
            3 => (new Place())->fill(1, $this->value($levels), $this->value(0))->name($this->text(), $this->value(0)),
            4 => $this->dynamic($levels),
            5 => new Typed(mt_rand(0, 1) === 1 ? $this->list($levels) : null),
            6 => new Told($this->value($levels)),
            7 => (new Sleeper())->keep($this->value($levels), $this->value(0)),
            8 => $this->custom(),
            9 => [Suit::Hearts, Suit::Spades, Level::Low, Level::High, Mark::One, Mark::Two][mt_rand(0, 5)],
            10 => $this->ofPhp(),
        };
        return $this->objects[] = $object;
    }

    private function dynamic(int $levels): Dynamic
    {
        $dynamic = new Dynamic();
        $this->objects[] = $dynamic;
        $dynamic->first = $this->value($levels);
        $dynamic->{'more'} = $this->value($levels);
        // It may hold itself.
        $dynamic->{'9'} = $this->objects[mt_rand(0, count($this->objects) - 1)];
        return $dynamic;
    }

    /** It does not hold itself: such a one is refused where serialize() has to be used. */
    private function custom(): Custom
    {
        $twice = new Point();
        $outside = $this->objects === [] ? null : $this->objects[mt_rand(0, count($this->objects) - 1)];
        $inner = [[$twice, $this->text(), $twice], $this->integer(), [$this->text(), new \stdClass()]][mt_rand(0, 2)];
        return new Custom($outside instanceof Suit ? [$outside, $inner] : $inner);
    }

    private function ofPhp(): object
    {
        return match (mt_rand(0, 3)) {
            0 => new \DateTimeImmutable('@' . mt_rand()),
            1 => new \ArrayObject(['k' => [1]]),
            2 => (function (): \SplObjectStorage {
                $storage = new \SplObjectStorage();
                $storage[new Point()] = 'data';
                return $storage;
            })(),
            3 => new \DateTimeZone('Europe/Zurich'),
        };
    }

    private function again(int $levels): mixed
    {
        return $this->objects === [] ? $this->value($levels) : $this->objects[mt_rand(0, count($this->objects) - 1)];
    }

    /** @return array<mixed> with two references to one value */
    private function references(int $levels): array
    {
        $shared = mt_rand(0, 2) === 0 ? new Point() : $this->value($levels);
        if (is_object($shared) && in_array($shared, $this->objects, true)) {
            $shared = [$shared];
        }
        $this->references++;
        $values = [1, $this->value(0)];
        $values[] = &$shared;
        $values['x'] = $this->value($levels);
        $values[] = &$shared;
        return $values;
    }
}
