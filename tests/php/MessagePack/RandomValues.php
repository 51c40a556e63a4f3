<?php

declare(strict_types=1);

namespace Zroute\Tests\MessagePack;

/**
 * Makes plain values by chance; the same seed makes the same again.
 */
final class RandomValues
{
    public function __construct(int $seed)
    {
        mt_srand($seed);
    }

    public static function ofThisRun(): self
    {
        return new self((int) getenv('ZROUTE_SEED'));
    }

    public function value(int $levels = 4): mixed
    {
        return match (mt_rand(0, $levels > 0 ? 9 : 6)) {
            0 => null,
            1 => (bool) mt_rand(0, 1),
            2, 3 => $this->integer(),
            4 => $this->float(),
            5 => $this->text(),
            6 => $this->binary(),
            7, 8 => $this->list($levels - 1),
            9 => $this->map($levels - 1),
        };
    }

    public function integer(): int
    {
        $bits = mt_rand(0, 63);
        $value = $bits === 0 ? 0 : (mt_rand() << 32 | mt_rand() << 1 | mt_rand(0, 1)) & (PHP_INT_MAX >> (63 - $bits));
        return mt_rand(0, 1) === 1 ? $value : -$value - 1;
    }

    /** Any bits but those of a NaN, of which PHP knows one. */
    public function float(): float
    {
        do {
            $value = unpack('d', pack('VV', mt_rand() << 1 | mt_rand(0, 1), mt_rand() << 1 | mt_rand(0, 1)))[1];
        } while (is_nan($value));
        return mt_rand(0, 2) === 0 ? mt_rand(-1000, 1000) / 8 : $value;
    }

    public function text(): string
    {
        $letters = ['a', 'Z', '0', ' ', '"', ';', '}', "\n", "\0", 'ä', '€', '𝄞', 's:1:"', 'O:8:"stdClass":0:{}'];
        $text = '';
        for ($i = mt_rand(0, 1) * mt_rand(1, 60); $i > 0; $i--) {
            $text .= $letters[mt_rand(0, count($letters) - 1)];
        }
        return $text;
    }

    /** Hardly ever UTF-8. */
    public function binary(): string
    {
        $bytes = '';
        for ($i = mt_rand(0, 1) * mt_rand(1, 40); $i > 0; $i--) {
            $bytes .= chr(mt_rand(0, 255));
        }
        return $bytes;
    }

    /** @return list<mixed> */
    private function list(int $levels): array
    {
        $list = [];
        for ($i = mt_rand(0, 20); $i > 0; $i--) {
            $list[] = $this->value($levels);
        }
        return $list;
    }

    /** @return array<mixed> never an empty one or a list, which are no maps */
    private function map(int $levels): array
    {
        $map = ["k\u{e9}y" => null];
        for ($i = mt_rand(0, 20); $i > 0; $i--) {
            $map[mt_rand(0, 1) === 1 ? $this->integer() : $this->text()] = $this->value($levels);
        }
        return $map;
    }

    /** Random bytes, and packed values with a byte or two changed. */
    public function bytes(string $packed): string
    {
        if ($packed === '' || mt_rand(0, 3) === 0) {
            return $this->binary();
        }
        for ($i = mt_rand(1, 2); $i > 0; $i--) {
            $packed[mt_rand(0, strlen($packed) - 1)] = chr(mt_rand(0, 255));
        }
        return $packed;
    }
}
