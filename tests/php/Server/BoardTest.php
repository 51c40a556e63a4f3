<?php

declare(strict_types=1);

namespace Zroute\Tests\Server;

use PHPUnit\Framework\TestCase;
use Zroute\MessagePack;
use Zroute\Server;
use Zroute\Server\Board;
use Zroute\Socket\Dealer;

/**
 * A server that serves a supervisor notes each call before it begins, and
 * begins none that was taken back.
 */
final class BoardTest extends TestCase
{
    private const PATIENCE_S = 60;

    public function testCallsAreNotedBeforeTheyBegin(): void
    {
        $events = [];
        $board = self::board($events, PHP_INT_MAX);
        $server = new Server(['f' => function (int $n) use (&$events): int {
            $events[] = "runs $n";
            return $n;
        }]);
        $answers = self::exchange($server->watchedBy($board), [1, 2, 3]);
        self::assertSame([1 => 1, 2 => 2, 3 => 3], $answers);
        $noted = array_values(array_filter($events, static fn (string $event) => $event !== 'ended'));
        self::assertSame(['begins 1', 'runs 1', 'begins 2', 'runs 2', 'begins 3', 'runs 3'], $noted);
        self::assertSame('ended', end($events));
    }

    public function testACallThatWasTakenBackIsNotRun(): void
    {
        $events = [];
        $board = self::board($events, 2);
        $ran = [];
        $server = new Server(['f' => function (int $n) use (&$ran): int {
            return $ran[] = $n;
        }]);
        $answers = self::exchange($server->watchedBy($board), [1, 2, 3]);
        self::assertSame([1], $ran);
        self::assertSame(1, $answers[1]);
        $taken = ['__error__' => ['code' => -32006, 'name' => 'Cancelled', 'message' => 'taken back']];
        self::assertSame([$taken, $taken], [$answers[2], $answers[3]]);
    }

    /** @param list<string> $events what happens there */
    private static function board(array &$events, int $revoked): Board
    {
        return new class ($events, $revoked) implements Board {
            /** @param list<string> $events */
            public function __construct(private array &$events, private readonly int $revoked)
            {
            }

            public function begin(int $token): bool
            {
                $this->events[] = "begins $token";
                return $token < $this->revoked;
            }

            public function ended(): void
            {
                $this->events[] = 'ended';
            }
        };
    }

    /**
     * Calls f as a supervisor does: each number is the parameter too.
     *
     * @param list<int> $numbers
     * @return array<int, mixed> answers by number
     */
    private static function exchange(Server $server, array $numbers): array
    {
        $supervisor = new Dealer(connect: $server->bind('tcp://127.0.0.1:0'));
        foreach ($numbers as $number) {
            $request = MessagePack::pack(['function_name' => 'f', 'parameters' => [$number]]);
            $supervisor->send(pack('J', $number), '', $request);
        }
        $answers = [];
        $deadline = microtime(true) + self::PATIENCE_S;
        while (count($answers) < count($numbers)) {
            self::assertLessThan($deadline, microtime(true), 'answers are missing');
            $server->step(10);
            while ($supervisor->hasMessage()) {
                [$number, , $answer] = $supervisor->receiveFrames();
                $answers[unpack('J', $number)[1]] = MessagePack::unpack($answer);
            }
        }
        ksort($answers);
        return $answers;
    }
}
