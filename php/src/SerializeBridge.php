<?php

declare(strict_types=1);

namespace Zroute;

use function array_chunk;
use function array_map;
use function array_merge;
use function count;
use function is_array;
use function is_scalar;

/**
 * Values cross as text in the format of serialize(), which works with any PHP.
 *
 * @internal
 */
final class SerializeBridge implements Bridge
{
    /** How the native library's text is read: it names no class, and has its own limit of depth. */
    private const OPTIONS = ['allowed_classes' => false, 'max_depth' => 0];

    public function __construct(private readonly Native $native)
    {
    }

    public function name(): string
    {
        return 'serialize';
    }

    public function pack(mixed $value): string
    {
        $serialized = self::isTold($value) ? self::serialize($value) : null;
        return ($serialized === null ? null : $this->native->pack($serialized, false))
            ?? (string) $this->native->pack((string) self::serialize(Plain::of($value)), true);
    }

    public function unpack(string $packed): null|bool|int|float|string|array
    {
        return unserialize($this->native->unpack($packed), self::OPTIONS);
    }

    public function serverExchange(object $server, array $answers, int $most, int $timeoutMs): ?array
    {
        $refused = [];
        $serialized = '';
        if ($answers !== []) {
            $serialized = self::serialize($answers);
            if ($serialized === null) {
                // One of them refuses; each is to be looked at, and waits for no call.
                $serialized = '';
                $refused = [self::ROUTE_NOT_PLAIN, -1, array_fill_keys(array_keys($answers), '')];
                $timeoutMs = 0;
            }
        }
        $batch = $this->native->serverExchange($server, $serialized, $most, $timeoutMs);
        if ($refused !== []) {
            return [...$refused, ...self::list((string) $batch)];
        }
        return $batch === null ? null : self::list($batch);
    }

    public function answer(object $server, int $token, mixed $answer): int
    {
        return $this->native->answer($server, $token, (string) self::serialize($answer));
    }

    public function stream(object $server, int $token, mixed $item): int
    {
        // Of an array serialize() does not tell the truth if there is a resource in it.
        $plain = $item === null || is_scalar($item) ? $item : Plain::of($item);
        return $this->native->stream($server, $token, (string) self::serialize($plain));
    }

    public function clientExchange(object $client, array $calls, bool $plain, int $waitFor, int $timeoutMs): ?array
    {
        $serialized = '';
        if ($calls !== []) {
            $isTold = true;
            for ($i = 0, $count = count($calls); !$plain && $i < $count; $i += self::CALL_VALUES) {
                $isTold = $isTold && self::isTold($calls[$i + 2]);
            }
            $serialized = $isTold ? self::serialize($calls) : null;
            if ($serialized === null) {
                return array_merge(...array_map(
                    static fn (array $call): array => [$call[0], Status::NOT_PLAIN, ''],
                    array_chunk($calls, self::CALL_VALUES)
                ));
            }
        }
        $ended = $this->native->clientExchange($client, $serialized, $plain, $waitFor, $timeoutMs);
        return $ended === null ? null : self::list($ended);
    }

    /** @return list<mixed> */
    private static function list(string $serialized): array
    {
        return $serialized === '' ? [] : unserialize($serialized, self::OPTIONS);
    }

    /**
     * Whether serialize() tells the truth about a bare value: of a resource, a
     * closed one too, it makes a 0.
     */
    private static function isTold(mixed $value): bool
    {
        return $value === null || is_scalar($value) || is_array($value);
    }

    /**
     * serialize() with floats in full, whatever the ini says.
     *
     * @return string|null null when something inside refuses to be serialized
     */
    private static function serialize(mixed $value): ?string
    {
        $precision = ini_get('serialize_precision');
        $full = $precision === '-1' || $precision === '17';
        if (!$full) {
            ini_set('serialize_precision', '-1');
        }
        try {
            return serialize($value);
        } catch (\Throwable) {
            return null;
        } finally {
            if (!$full) {
                ini_set('serialize_precision', (string) $precision);
            }
        }
    }
}
