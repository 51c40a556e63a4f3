<?php

declare(strict_types=1);

// Values with objects, some of which stand at several places or hold themselves, from mt_rand().

final class RandomGraph
{
    private const NAMES = ['a', 'b', 'long name of a property', '', '5', '0', '-1', 'x y', 'ключ', "\xff"];

    /** @var list<object> */
    private array $objects = [];
    /** @var list<mixed> each is shared by the places that refer to it */
    private array $shared = [];
    private int $left = 0;

    /** @param bool $hooks whether classes may appear that have a say in how they are packed */
    public function __construct(private readonly bool $hooks)
    {
    }

    public function next(int $size): mixed
    {
        $this->objects = [];
        $this->shared = [];
        $this->left = $size;
        return $this->value(0);
    }

    private function value(int $depth): mixed
    {
        $this->left--;
        return match (mt_rand(0, $depth > 7 || $this->left <= 0 ? 6 : 17)) {
            0 => null,
            1 => (bool) mt_rand(0, 1),
            2 => mt_rand(-200, 300),
            3 => (mt_rand() << mt_rand(0, 31)) * (mt_rand(0, 1) === 1 ? 1 : -1),
            4 => mt_rand(-1000, 1000) / 7,
            5, 6 => str_repeat(chr(mt_rand(0, 255)), [0, 1, 3, 31, 32, 33, 255, 256, 300][mt_rand(0, 8)]),
            7, 8 => $this->list($depth),
            9 => $this->map($depth),
            10, 11 => $this->references($depth),
            12 => $this->objects === [] ? [] : $this->objects[mt_rand(0, count($this->objects) - 1)],
            default => $this->object($depth),
        };
    }

    private function list(int $depth): array
    {
        $list = [];
        for ($i = mt_rand(0, 4); $i > 0; $i--) {
            $list[] = $this->value($depth + 1);
        }
        return $list;
    }

    private function map(int $depth): array
    {
        $map = [];
        for ($i = mt_rand(0, 5); $i > 0; $i--) {
            $map[mt_rand(0, 1) === 1 ? mt_rand(-3, 9) : self::name()] = $this->value($depth + 1);
        }
        if ($map !== [] && mt_rand(0, 3) === 0) {
            unset($map[array_rand($map)]);
        }
        return $map;
    }

    private function references(int $depth): array
    {
        $array = [];
        for ($i = mt_rand(1, 3); $i > 0; $i--) {
            $number = $this->reference($depth);
            $array["r$i"] = &$this->shared[$number];
            if (mt_rand(0, 1) === 1) {
                $array["s$i"] = &$this->shared[$number];
            }
        }
        return $array;
    }

    /** The number of a shared value, which is the same one as before or new. */
    private function reference(int $depth): int
    {
        if ($this->shared !== [] && mt_rand(0, 1) === 1) {
            return mt_rand(0, count($this->shared) - 1);
        }
        $number = count($this->shared);
        $this->shared[] = null;
        $value = $this->value($depth + 1);
        $this->shared[$number] = $value;
        return $number;
    }

    private function object(int $depth): object
    {
        $object = match (mt_rand(0, $this->hooks ? 13 : 6)) {
            0, 1, 2 => new stdClass(),
            3 => new Point(),
            4 => new Account(),
            5 => new SavingsAccount(),
            6 => new Typed(),
            7 => Suit::Hearts,
            8 => Bare::One,
            9 => new Sleeper(),
            10 => new Magic(),
            11 => new Computed(),
            12 => new ArrayObject([1, 2]),
            13 => new DateTimeImmutable('2024-02-29 12:00:00 UTC'),
        };
        $this->objects[] = $object;
        match (true) {
            $object instanceof stdClass => $this->fill($object, $depth),
            $object instanceof Point => $object->x = mt_rand(0, 3) === 0 ? $object : $this->value($depth + 1),
            $object instanceof Account => $this->account($object, $depth),
            $object instanceof Typed => mt_rand(0, 2) === 0 ? null : $object->fill($this->value($depth + 1)),
            $object instanceof Sleeper => $object->kept = $this->value($depth + 1),
            default => null,
        };
        // Has PHP make a table of the properties, which until then are in their places alone.
        if (mt_rand(0, 4) === 0) {
            foreach ((array) $object as $property) {
                unset($property);
            }
        }
        return $object;
    }

    private function fill(stdClass $object, int $depth): void
    {
        for ($i = mt_rand(0, 4); $i > 0; $i--) {
            $object->{self::name()} = $this->value($depth + 1);
        }
        if (mt_rand(0, 4) === 0) {
            unset($object->a);
        }
    }

    private function account(Account $account, int $depth): void
    {
        if (mt_rand(0, 1) === 1) {
            $limits = $this->value($depth + 1);
            $account->fill($limits, $this->shared[$this->reference($depth)]);
        }
        if ($account instanceof SavingsAccount) {
            $account->keep($this->value($depth + 1));
        }
        if (mt_rand(0, 4) === 0) {
            $account->{self::name() . 'x'} = $this->value($depth + 1);
        }
        if (mt_rand(0, 4) === 0) {
            unset($account->owner);
        }
    }

    private static function name(): string
    {
        return self::NAMES[mt_rand(0, count(self::NAMES) - 1)];
    }
}
