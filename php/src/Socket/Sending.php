<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\ForkedHandle;
use Zroute\Exception\InvalidState;
use Zroute\Exception\InvalidValue;
use Zroute\Exception\SocketClosed;
use Zroute\Exception\Timeout;
use Zroute\MessagePack;
use Zroute\Status;

use function get_debug_type;
use function is_string;

/**
 * What sockets have that send. A message is sent when a peer has room for it
 * in its queue, which says nothing about its arrival.
 */
trait Sending
{
    /**
     * Sends a message, nearly always of one frame. It waits for room as long as
     * the option ZMQ_SNDTIMEO says, which is for ever by default.
     *
     * @throws Timeout when no peer was there, or all were full
     * @throws InvalidState when it is not its turn
     * @throws ConnectionFailed when a Router with ZMQ_ROUTER_MANDATORY does not know the peer
     * @throws SocketClosed|ForkedHandle
     */
    public function send(string $frame, string ...$more): static
    {
        // Quick where nothing has to be waited for.
        $status = $more !== [] ? Status::TIMEOUT
            : $this->direct[$frame] ?? $this->native->sendFrame($this->handle(), $frame, self::DONT_WAIT);
        return $status === Status::OK ? $this : $this->sendFrames([$frame, ...$more]);
    }

    /**
     * Sends a message whole or not at all.
     *
     * @param list<string> $frames one or more
     * @param int|null $timeoutMs how long to wait for room, -1 for ever; null takes ZMQ_SNDTIMEO
     * @throws InvalidValue when these are no frames
     * @throws Timeout|InvalidState|ConnectionFailed|SocketClosed|ForkedHandle
     */
    public function sendFrames(array $frames, ?int $timeoutMs = null): static
    {
        $frames = array_values($frames);
        foreach ($frames as $i => $frame) {
            if (!is_string($frame)) {
                throw new InvalidValue("frame $i is expected to be a string, got " . get_debug_type($frame));
            }
        }
        if ($frames === []) {
            throw new InvalidValue('a message is expected to have one frame or more, got none');
        }
        $this->within(
            $timeoutMs,
            self::WRITABLE,
            fn (): int => $this->direct[$frames]
                ?? $this->native->sendFrames($this->handle(), $frames, self::DONT_WAIT)
        );
        return $this;
    }

    /**
     * Sends a value, as MessagePack in one frame.
     *
     * @param mixed $value see MessagePack::pack() for what can travel
     * @param int|null $timeoutMs how long to wait for room, -1 for ever; null takes ZMQ_SNDTIMEO
     * @throws InvalidValue when it cannot travel
     * @throws Timeout|InvalidState|ConnectionFailed|SocketClosed|ForkedHandle
     */
    public function sendValue(mixed $value, ?int $timeoutMs = null): static
    {
        return $this->sendFrames([MessagePack::pack($value)], $timeoutMs);
    }
}
