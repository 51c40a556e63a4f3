<?php

declare(strict_types=1);

namespace Zroute\Tests\Process;

use Zroute\MessagePack;
use Zroute\Socket\Dealer;

/**
 * Calls functions through a plain socket, and so sees what a server really says;
 * a client sends a call again that was not begun.
 */
final class RawCaller
{
    private const PATIENCE_MS = 60_000;

    private readonly Dealer $socket;
    private int $last = 0;
    /** @var array<int, mixed> by number */
    private array $answers = [];

    public function __construct(string $endpoint)
    {
        $this->socket = new Dealer(connect: $endpoint);
        // It is connected when it has been answered.
        $this->await($this->begin('plus', []));
    }

    public function begin(string $function, mixed $parameters = []): int
    {
        $request = MessagePack::pack(['function_name' => $function, 'parameters' => $parameters]);
        $this->socket->send(pack('J', ++$this->last), '', $request);
        return $this->last;
    }

    public function await(int $number): mixed
    {
        while (!array_key_exists($number, $this->answers)) {
            [$name, , $answer] = $this->socket->receiveFrames(self::PATIENCE_MS);
            $this->answers[unpack('J', $name)[1]] = MessagePack::unpack($answer);
        }
        return $this->answers[$number];
    }

    /** @return array{code: int, name: string, message: string} */
    public function failure(int $number): array
    {
        return $this->await($number)['__error__'];
    }
}
