<?php

declare(strict_types=1);

// Values of every kind from mt_rand(), so that a seed gives the same ones again.
// phpcs:disable PSR1.Classes.ClassDeclaration,PSR12.Operators.OperatorSpacing

enum Suit: string
{
    case Clubs = 'clubs';
    case Hearts = 'hearts';
}

enum Bare
{
    case One;
}

final class Point implements JsonSerializable
{
    public function __construct(private mixed $inner)
    {
    }

    public function jsonSerialize(): mixed
    {
        return ['inner' => $this->inner];
    }
}

final class Secret
{
    private int $hidden = 1;
}

final class RecordOfSomeone extends stdClass
{
}

final class RandomValue
{
    private const LENGTHS = [0, 1, 2, 7, 8, 31, 32, 33, 255, 256, 257];
    private const KEYS = [
        '', '0', '-0', '-1', '7', '007', '9223372036854775807', '9223372036854775808', '-9223372036854775808',
        '-9223372036854775809', '99999999999999999999', ' 1', '1 ', '1.5', 'a', 'key', "\xff", "\0", 'ключ',
    ];

    /** Left: how many values may still be made. */
    private int $left = 0;

    /** @param bool $foreign whether objects and resources may appear that cannot travel */
    public function __construct(private readonly bool $foreign)
    {
    }

    public function next(int $size = 60): mixed
    {
        $this->left = $size;
        return $this->value(0);
    }

    private function value(int $depth): mixed
    {
        $this->left--;
        $most = $depth > 6 || $this->left <= 0 ? 8 : 16;
        return match (mt_rand(0, $most)) {
            0 => null,
            1 => (bool) mt_rand(0, 1),
            2 => mt_rand(-200, 200),
            3 => self::integer(),
            4 => self::float(),
            5, 6 => self::string(),
            7 => self::KEYS[mt_rand(0, count(self::KEYS) - 1)],
            8 => 'constant',
            9, 10 => $this->list($depth),
            11, 12 => $this->map($depth),
            13 => $this->holes($depth),
            14 => (object) $this->map($depth),
            15 => $this->references($depth),
            16 => $this->object($depth),
        };
    }

    private static function integer(): int
    {
        $power = 1 << mt_rand(0, 62);
        return mt_rand(0, 1) === 1 ? $power - mt_rand(0, 1) : -$power - mt_rand(0, 1);
    }

    private static function float(): float
    {
        return match (mt_rand(0, 7)) {
            0 => 0.0,
            1 => -0.0,
            2 => INF,
            3 => -INF,
            4 => 4.9E-324,
            5 => PHP_FLOAT_MAX,
            6 => mt_rand(-1000, 1000) / 10,
            // Any bits but those of a NAN, whose others one bridge loses.
            7 => is_nan($float = unpack('E', random(8))[1]) ? 1.5 : $float,
        };
    }

    private static function string(): string
    {
        $length = self::LENGTHS[mt_rand(0, count(self::LENGTHS) - 1)];
        return match (mt_rand(0, 2)) {
            0 => str_repeat('a', $length),
            1 => substr(str_repeat('aß€😀', intdiv($length, 10) + 1), 0, $length),
            2 => random($length),
        };
    }

    private static function key(): int|string
    {
        return match (mt_rand(0, 3)) {
            0 => mt_rand(-3, 10),
            1 => self::integer(),
            2 => self::KEYS[mt_rand(0, count(self::KEYS) - 1)],
            3 => self::string(),
        };
    }

    private function list(int $depth): array
    {
        $list = [];
        for ($i = mt_rand(0, mt_rand(0, 5) === 0 ? 20 : 4); $i > 0; $i--) {
            $list[] = $this->value($depth + 1);
        }
        return $list;
    }

    private function map(int $depth): array
    {
        $map = [];
        for ($i = mt_rand(0, mt_rand(0, 5) === 0 ? 20 : 4); $i > 0; $i--) {
            $map[self::key()] = $this->value($depth + 1);
        }
        return $map;
    }

    /** Arrays whose table has places that are not in use. */
    private function holes(int $depth): array
    {
        $list = mt_rand(0, 1) === 1;
        $array = $list ? $this->list($depth) : $this->map($depth);
        foreach (array_keys($array) as $key) {
            if (mt_rand(0, 2) === 0) {
                unset($array[$key]);
            }
        }
        if ($list && mt_rand(0, 1) === 1) {
            $array[] = $this->value($depth + 1);
        }
        return $array;
    }

    private function references(int $depth): array
    {
        $array = $this->list($depth);
        $shared = $this->value($depth + 1);
        $array[] = &$shared;
        if (mt_rand(0, 1) === 1) {
            $array[] = &$shared;
        }
        return $array;
    }

    private function object(int $depth): mixed
    {
        $kind = mt_rand(0, $this->foreign ? 12 : 6);
        return match ($kind) {
            0 => new stdClass(),
            1 => new Point($this->value($depth + 1)),
            2 => Suit::Hearts,
            3 => new ArrayIterator($this->list($depth)),
            4 => new DateTimeImmutable('2024-02-29T12:00:00.25+01:00'),
            5 => new ArrayObject(['x' => 1]),
            6 => new RecordOfSomeone(),
            7 => Bare::One,
            8 => new Secret(),
            9 => STDERR,
            10 => static fn () => 1,
            11 => self::closed(),
            12 => WeakReference::create($this),
        };
    }

    private static function closed(): mixed
    {
        $file = fopen('php://memory', 'r');
        fclose($file);
        return $file;
    }
}

function random(int $length): string
{
    $bytes = '';
    while (strlen($bytes) < $length) {
        $bytes .= chr(mt_rand(0, 255));
    }
    return $bytes;
}
