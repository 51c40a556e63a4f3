<?php

declare(strict_types=1);

namespace Zroute\DropIn;

use Zroute\Exception\NativeError;
use Zroute\Native;

use function is_object;

/**
 * Values and objects are read and built in place, where the native library knows
 * the engine. No code of the program's runs meanwhile: a value that needs that is
 * left to another codec, whole.
 *
 * @internal
 */
final class SlotCodec implements Codec
{
    /** Settings of which the native library knows what they mean. */
    private const KNOWN = self::PHP_ONLY | self::STR8 | self::ASSOC | self::ILLEGAL_KEY_INSERT;

    /** Those of them that another converter is needed for. */
    private const FORM = self::PHP_ONLY | self::STR8;

    private int $settings = -1;
    /** @var array<int, array{object, object}> by FORM, a packer and an unpacker */
    private array $converters = [];
    /** @var array<int, array{object, object}> those to be used without a call, likewise */
    private array $direct = [];
    private ?AllowedClasses $allowed = null;
    /** $packer[$value] is a string, or null where it is for the other codec. */
    private ?object $packer = null;
    /** $unpacker[$packed] is the value, the report, or itself where it is for the other codec. */
    private ?object $unpacker = null;
    /** Holds what there is to be said, until it is heard. */
    private readonly object $report;

    /** @param Codec $other takes what this cannot */
    private function __construct(private readonly Native $native, private readonly Codec $other)
    {
        $this->report = new \stdClass();
    }

    /** @throws NativeError where values cannot be read and built in place, with the reason */
    public static function open(Native $native, Codec $other): self
    {
        if ($native->bridge() !== 'slot') {
            throw new NativeError('values cross by ' . $native->bridge() . ' here, not in place');
        }
        $codec = new self($native, $other);
        $codec->set(self::PHP_ONLY | self::STR8 | self::ASSOC);
        $codec->test();
        return $codec;
    }

    public function name(): string
    {
        return 'slot';
    }

    public function pack(mixed $value, int $settings): string
    {
        if ($settings !== $this->settings) {
            $this->set($settings);
        }
        return $this->packer[$value] ?? $this->other->pack($value, $settings);
    }

    public function unpack(string $packed, int $settings, AllowedClasses $allowed, ?Remarks &$remarks): mixed
    {
        if ($settings !== $this->settings) {
            $this->set($settings);
        }
        if ($this->unpacker === null) {
            return $this->other->unpack($packed, $settings, $allowed, $remarks);
        }
        if ($allowed !== $this->allowed) {
            $this->allowed = $allowed;
            $this->unpacker->allowed = $allowed->any ?: $allowed->folded;
        }
        $value = $this->unpacker[$packed];
        return is_object($value)
            ? $this->settle($value, $this->unpacker, $packed, $settings, $allowed, $remarks)
            : $value;
    }

    /**
     * A packer and an unpacker to be used without a call.
     *
     * @return array{?object, ?object} null and null for settings that are for the other codec
     * @throws NativeError
     */
    public function direct(int $settings, AllowedClasses $allowed): array
    {
        if (!self::isKnown($settings)) {
            return [null, null];
        }
        // Kept: numbers of objects that are freed would be the program's next ones.
        $converters = $this->direct[$settings & self::FORM] ??= $this->make($settings);
        $converters[1]->allowed = $allowed->any ?: $allowed->folded;
        return $converters;
    }

    /** What an object stands for that the unpacker has made of the bytes. */
    public function settle(
        object $value,
        object $unpacker,
        string $packed,
        int $settings,
        AllowedClasses $allowed,
        ?Remarks &$remarks
    ): mixed {
        if ($value === $unpacker) {
            return $this->other->unpack($packed, $settings, $allowed, $remarks);
        }
        if ($value !== $this->report) {
            return $value;
        }
        $told = (array) $value;
        unset($value->value, $value->refused, $value->dropped);
        if (isset($told['refused'])) {
            $remarks = new Remarks(0, array_map(strval(...), array_keys($told['refused'])));
            return $told['value'];
        }
        // A part of the value, which is dropped before the other codec begins.
        $told = [];
        return $this->other->unpack($packed, $settings, $allowed, $remarks);
    }

    /** Whether the native library knows what they mean. */
    private static function isKnown(int $settings): bool
    {
        return ($settings & ~self::KNOWN) === 0 && ($settings & self::ASSOC) !== 0;
    }

    /**
     * Takes the converters for these settings.
     *
     * @throws NativeError
     */
    private function set(int $settings): void
    {
        [$this->packer, $this->unpacker] = $this->converters[$settings & self::FORM] ??= $this->make($settings);
        if (!self::isKnown($settings)) {
            $this->packer = $this->unpacker = null;
        }
        $this->allowed = null;
        $this->settings = $settings;
    }

    /**
     * @return array{object, object} a packer and an unpacker
     * @throws NativeError
     */
    private function make(int $settings): array
    {
        return HiddenObjects::make(function () use ($settings): array {
            $packer = new \stdClass();
            $unpacker = new \stdClass();
            $shared = [$settings];
            $samples = [new Sample\Plain(), new Sample\Hooked(), new \ArrayObject(), &$shared];
            $phpOnly = ($settings & self::PHP_ONLY) !== 0;
            $str8 = ($settings & self::STR8) !== 0;
            $this->native->makeObjectConverters($packer, $unpacker, $samples, $phpOnly, $str8);
            $unpacker->report = $this->report;
            return [$packer, $unpacker];
        });
    }

    /**
     * Tries a value of every kind both ways, with no other codec to help.
     *
     * @throws NativeError
     */
    private function test(): void
    {
        $shared = [1];
        $plain = new Sample\Plain();
        $plain->open = [&$shared, (object) ['x' => 1.5, 'again' => $plain]];
        $value = [null, true, -7, str_repeat('u', 40), [], ['a' => 1, 7 => 'b'], &$shared, $plain, new \stdClass()];
        $class = Sample\Plain::class;
        $head = "\xc0" . chr(0xa0 | strlen($class)) . $class;
        $rest = "\xa7\0*\0kept\x02" . chr(0xa5 + strlen($class)) . "\0$class\0own\xc0";
        $packed = "\x99\xc0\xc3\xf9\xd9\x28" . str_repeat('u', 40) . "\x90\x82\xa1a\x01\x07\xa1b\x82\xc0\x01\x00\x01"
            . "\x84$head\xa4open\x92\x82\xc0\x02\x00\x04\x83\xc0\xa8stdClass\xa1x\xcb\x3f\xf8\0\0\0\0\0\0"
            . "\xa5again\x82\xc0\x04\x00\x05$rest\x81\xc0\xa8stdClass";
        $this->unpacker->allowed = true;
        $unpacked = $this->unpacker[$packed];
        $right = $this->packer[$value] === $packed
            && is_array($unpacked)
            && serialize($unpacked) === serialize($value)
            && $this->packer[$unpacked] === $packed
            && $this->packer[new Sample\Hooked()] === null
            && $this->unpacker["\xc1"] === $this->unpacker;
        if ($right) {
            $unpacked[6][] = 2;
            $right = $unpacked[7]->open[0] === [1, 2] && $unpacked[7]->open[1]->again === $unpacked[7];
            $this->unpacker->allowed = "\0stdclass\0";
            $report = $this->unpacker["\x82\xc0\xa1P\xa1a\x01"];
            $right = $right
                && $report === $this->report
                && $report->refused === ['P' => null]
                && (array) $report->value === ['__PHP_Incomplete_Class_Name' => 'P', 'a' => 1];
        }
        // Two ends of a cycle are held by nothing else.
        $unpacked[7]->open = null;
        unset($this->report->value, $this->report->refused);
        if (!$right) {
            throw new NativeError('objects that were read and built in place are not what they were');
        }
    }
}
