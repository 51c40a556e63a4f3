<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Exception\ForkedHandle;
use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidState;
use Zroute\Exception\SocketClosed;
use Zroute\Exception\Timeout;
use Zroute\MessagePack;

use function count;
use function is_array;
use function is_string;

/**
 * What sockets have that receive.
 *
 * A loop over the socket gets one message after the other, until stop(),
 * close() or the end of the context.
 */
trait Receiving
{
    /**
     * Waits for a message of one frame.
     *
     * @param int|null $timeoutMs how long, -1 for ever, 0 for not at all; null takes ZMQ_RCVTIMEO, by default -1
     * @throws Timeout when none came in time
     * @throws InvalidMessage when it had more frames than one; it is gone, and the next can be received
     * @throws InvalidState when it is not its turn
     * @throws SocketClosed|ForkedHandle
     */
    public function receive(?int $timeoutMs = null): string
    {
        $message = $this->receiveNow();
        if (is_string($message)) {
            return $message;
        }
        $frames = is_array($message) ? $message : $this->receiveFrames($timeoutMs);
        if (isset($frames[1])) {
            throw new InvalidMessage(sprintf(
                '%s: a message of %d frames came, expected one; receiveFrames() takes any number',
                $this->describe(),
                count($frames)
            ));
        }
        return $frames[0];
    }

    /**
     * Waits for a message.
     *
     * @param int|null $timeoutMs how long, -1 for ever, 0 for not at all; null takes ZMQ_RCVTIMEO, by default -1
     * @return non-empty-list<string> its frames
     * @throws Timeout|InvalidState|SocketClosed|ForkedHandle
     */
    public function receiveFrames(?int $timeoutMs = null): array
    {
        return (array) $this->within($timeoutMs, self::READABLE, $this->receiveNow(...));
    }

    /** @return string|non-empty-list<string>|int a message that is here; a status when there is none */
    private function receiveNow(): string|array|int
    {
        return $this->direct[self::DONT_WAIT | self::WHOLE]
            ?? $this->native->receiveFrames($this->handle(), self::DONT_WAIT);
    }

    /**
     * Waits for a value that came as MessagePack.
     *
     * @param int|null $timeoutMs how long, -1 for ever, 0 for not at all; null takes ZMQ_RCVTIMEO, by default -1
     * @return null|bool|int|float|string|array<mixed>
     * @throws InvalidMessage when something else came; it is gone, and the next can be received
     * @throws Timeout|InvalidState|SocketClosed|ForkedHandle
     */
    public function receiveValue(?int $timeoutMs = null): mixed
    {
        return MessagePack::unpack($this->receive($timeoutMs));
    }

    /**
     * Whether a message can be received.
     *
     * @param int $timeoutMs how long to wait for one, -1 for ever
     * @throws SocketClosed|ForkedHandle
     */
    public function hasMessage(int $timeoutMs = 0): bool
    {
        return $this->isReady(self::READABLE, $timeoutMs);
    }

    /** Ends the loop over this socket, or the next one; from inside or from a signal handler. The socket stays open. */
    public function stop(): void
    {
        $this->stopLoop();
    }

    /** @return \Generator<int, string> what receive() gives, one after the other */
    public function getIterator(): \Generator
    {
        return $this->each(fn (): string => $this->receive());
    }

    /** @return \Generator<int, non-empty-list<string>> what receiveFrames() gives, one after the other */
    public function frames(): \Generator
    {
        return $this->each(fn (): array => $this->receiveFrames());
    }

    /** @return \Generator<int, null|bool|int|float|string|array<mixed>> what receiveValue() gives, one after the other */
    public function values(): \Generator
    {
        return $this->each(fn (): mixed => $this->receiveValue());
    }
}
