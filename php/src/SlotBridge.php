<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidValue;
use Zroute\Exception\NativeError;

use function is_object;
use function is_string;

/**
 * Values cross as they are: the native library reads and builds them in place,
 * where it knows the engine.
 *
 * Two references lie in static properties, whose values the library finds once a
 * request. A static property is read anew after every call, so neither the
 * optimizer nor the JIT compiler can take one for unchanged. The inbox is null
 * when native code fills it, so nothing of PHP's is ever destroyed there.
 *
 * A signal handler may run between any two steps and use the slots itself: so
 * each method leaves them as it found them.
 *
 * Single values go through two objects whose [] the library has made its own,
 * which is one step of PHP's and many times quicker than a call through FFI.
 *
 * @internal
 */
final class SlotBridge implements Bridge
{
    /** Untyped: a typed property would watch over its reference. */
    private static $outbox;
    private static $inbox;

    /**
     * @param object $packer $packer[$value] is MessagePack, null when the value has to be looked at, and an object
     *        when it cannot be had
     * @param object $unpacker $unpacker[$packed] is the value, and an object when it cannot be had
     */
    private function __construct(
        private readonly Native $native,
        private readonly object $packer,
        private readonly object $unpacker
    ) {
    }

    /** @throws NativeError where values cannot be read and built in place, with the reason */
    public static function open(Native $native): self
    {
        // What the library expects of a probe: made at run time, not by the compiler.
        $two = str_repeat('x', 2);
        self::$outbox = [$two . $two, [$two], [$two => $two]];
        self::$inbox = null;
        $packer = new \stdClass();
        $unpacker = new \stdClass();
        $native->findSlots(self::$outbox, self::$inbox, $packer, $unpacker);
        self::$outbox = null;
        $bridge = new self($native, $packer, $unpacker);
        $bridge->test();
        return $bridge;
    }

    public function name(): string
    {
        return 'slot';
    }

    public function pack(mixed $value): string
    {
        $packed = $this->packer[$value];
        return is_string($packed) ? $packed : $this->packPlain($value, $packed);
    }

    /** @param object|null $refused what the packer has said */
    private function packPlain(mixed $value, ?object $refused): string
    {
        $packed = $refused ?? $this->packer[Plain::of($value)];
        return is_string($packed) ? $packed : throw new InvalidValue($this->native->lastError());
    }

    public function unpack(string $packed): null|bool|int|float|string|array
    {
        $value = $this->unpacker[$packed];
        return is_object($value) ? throw new InvalidMessage($this->native->lastError()) : $value;
    }

    public function serverExchange(object $server, array $answers, int $most, int $timeoutMs): ?array
    {
        $outbox = self::$outbox;
        $inbox = self::$inbox;
        self::$outbox = $answers;
        self::$inbox = null;
        try {
            $uninterrupted = $this->native->serverExchangeSlot($server, $most, $timeoutMs);
            $batch = self::$inbox;
        } finally {
            self::$outbox = $outbox;
            self::$inbox = $inbox;
        }
        return $uninterrupted ? $batch ?? [] : null;
    }

    public function answer(object $server, int $token, mixed $answer): int
    {
        $outbox = self::$outbox;
        self::$outbox = $answer;
        try {
            return $this->native->answerSlot($server, $token);
        } finally {
            self::$outbox = $outbox;
        }
    }

    public function stream(object $server, int $token, mixed $item): int
    {
        $outbox = self::$outbox;
        self::$outbox = $item;
        try {
            $room = $this->native->streamSlot($server, $token);
            if ($room === -Status::NOT_PLAIN) {
                self::$outbox = Plain::of($item);
                $room = $this->native->streamSlot($server, $token);
            }
            return $room;
        } finally {
            self::$outbox = $outbox;
        }
    }

    public function clientExchange(object $client, array $calls, bool $plain, int $waitFor, int $timeoutMs): ?array
    {
        $outbox = self::$outbox;
        $inbox = self::$inbox;
        self::$outbox = $calls;
        self::$inbox = null;
        try {
            $uninterrupted = $this->native->clientExchangeSlot($client, $plain, $waitFor, $timeoutMs);
            $ended = self::$inbox;
        } finally {
            self::$outbox = $outbox;
            self::$inbox = $inbox;
        }
        return $uninterrupted ? $ended ?? [] : null;
    }

    /** Tries a value of every type both ways, and compares it as PHP compares. */
    private function test(): void
    {
        $shared = 5;
        $value = [
            null, false, true, -7, PHP_INT_MIN, PHP_INT_MAX, 1.5, '', 'a', str_repeat('Zürich ', 40), "\xff\x00",
            [], [[1, [2]], 'three'], ['a' => 1, 7 => ['b' => null], -1 => 'c', '' => [], '08' => 8],
        ];
        $packed = "\x9e\xc0\xc2\xc3\xf9\xd3\x80\0\0\0\0\0\0\0\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"
            . "\xcb\x3f\xf8\0\0\0\0\0\0\xa0\xa1a\xda\x01\x40" . str_repeat('Zürich ', 40) . "\xc4\x02\xff\x00"
            . "\x90\x92\x92\x01\x91\x02\xa5three\x85\xa1a\x01\x07\x81\xa1b\xc0\xff\xa1c\xa0\x90\xa208\x08";
        $odd = [1 => &$shared, 2 => 'gone', 3 => (object) ['x' => [1]], 4 => new \stdClass()];
        unset($odd[2]);
        if (
            $this->pack($value) !== $packed
            || $this->unpack($packed) !== $value
            || $this->pack($odd) !== "\x83\x01\x05\x03\x81\xa1x\x91\x01\x04\x80"
            || $this->pack(array_slice([0, 1, 2], 1)) !== "\x92\x01\x02"
        ) {
            throw new NativeError('values that were read and built in place are not what they were');
        }
    }

    private function __clone()
    {
    }
}
