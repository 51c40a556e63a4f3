<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\ForkedHandle;
use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidValue;

/**
 * How PHP values get to the native library and back.
 *
 * Both ways take and give the same values, and refuse the same ones, with two
 * differences. SlotBridge keeps all bits of a float that is not a number. And it
 * refuses every array that holds itself, where serialize() may write a null.
 *
 * @internal
 */
interface Bridge
{
    /** Among the routes of a batch: answers, by token, that have to be looked at. */
    public const ROUTE_NOT_PLAIN = -2;
    /** What a client's call consists of: number, function, parameters, timeout, flags. */
    public const CALL_VALUES = 5;

    /** serialize or slot */
    public function name(): string;

    /** @throws InvalidValue */
    public function pack(mixed $value): string;

    /**
     * @return null|bool|int|float|string|array<mixed>
     * @throws InvalidMessage
     */
    public function unpack(string $packed): null|bool|int|float|string|array;

    /**
     * Hands in answers and takes the next calls.
     *
     * @param array<int, mixed> $answers by token
     * @return list<mixed>|null a route, the milliseconds left, and parameters by token; and so on. Empty when
     *         nothing came in time, null after a signal
     * @throws ForkedHandle
     */
    public function serverExchange(object $server, array $answers, int $most, int $timeoutMs): ?array;

    /**
     * Answers one call.
     *
     * @param mixed $answer what Plain::of() gave
     * @return int a status
     */
    public function answer(object $server, int $token, mixed $answer): int;

    /**
     * Gives one item of a stream.
     *
     * @return int how many more its caller takes now; negative for a status that the item was refused with
     * @throws InvalidValue when it cannot be sent
     */
    public function stream(object $server, int $token, mixed $item): int;

    /**
     * Begins calls, if there are any, and collects what has ended.
     *
     * @param list<mixed> $calls number, function, parameters, timeout, flags, again and again
     * @param bool $plain that the parameters are what Plain::of() gave
     * @param int $waitFor a number; -1 for any, -2 for none
     * @return list<mixed>|null a number, a status and a value; and so on. Empty when nothing ended in time, null
     *         after a signal
     * @throws ForkedHandle
     */
    public function clientExchange(object $client, array $calls, bool $plain, int $waitFor, int $timeoutMs): ?array;
}
