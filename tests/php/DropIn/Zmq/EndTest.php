<?php

declare(strict_types=1);

namespace Zroute\Tests\DropIn\Zmq;

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\ProcessTestCase;

/**
 * How a process ends that uses the drop-in: always, and with nothing lost
 * that somebody still takes.
 */
final class EndTest extends ProcessTestCase
{
    public function testEndsWithEverythingOpen(): void
    {
        $process = $this->script('open_sockets');
        self::assertSame("end\n", $process->readAll(), $process->errors());
        self::assertSame(0, $process->wait());
        self::assertSame('', $process->errors());
    }

    public function testATimeThatIsNoneIsTold(): void
    {
        $process = $this->script('open_sockets', [], ['ZROUTE_END_WAIT_MS' => '10s']);
        self::assertStringContainsString("or -1 to wait without end, got '10s'; 10000 are", $process->readAll());
        self::assertSame(0, $process->wait());
    }

    public function testDestructorsUseSocketsInAnyOrder(): void
    {
        $process = $this->script('destructors');
        $lines = explode("\n", trim($process->readAll()));
        self::assertSame(0, $process->wait(), implode("\n", $lines) . $process->errors());
        sort($lines);
        self::assertSame(['0 made', 'came from a shutdown function', 'came one', 'came two', 'end', 'sent one',
            'sent two'], $lines);
    }

    /** @return array<string, array{string}> */
    public static function kinds(): array
    {
        return ['persistent' => ['persistent'], 'own' => ['own']];
    }

    /** @dataProvider kinds */
    public function testGivesUpWhatNobodyTakesAndSaysSo(string $kind): void
    {
        $process = $this->script('unsent', [$kind], ['ZROUTE_END_WAIT_MS' => '100']);
        $output = $process->readAll();
        self::assertStringStartsWith("linger -1\n", $output);
        self::assertStringContainsString('within 100 ms were given up', $output);
        self::assertSame(0, $process->wait());
    }

    /** @dataProvider kinds */
    public function testKeepsALingerThatTheProgramSet(string $kind): void
    {
        $process = $this->script('unsent', [$kind, '0']);
        self::assertSame("linger 0\n", $process->readAll());
        self::assertSame(0, $process->wait());
    }

    /** @dataProvider kinds */
    public function testWaitsWithoutEndWhereItIsToldTo(string $kind): void
    {
        foreach ([[[$kind], '-1'], [[$kind, '-1'], '100']] as [$arguments, $wait]) {
            $process = $this->script('unsent', $arguments, ['ZROUTE_END_WAIT_MS' => $wait]);
            $process->readLine();
            usleep(500_000);
            self::assertTrue($process->isRunning());
        }
    }

    /** @return array<string, array{string, int}> */
    public static function ends(): array
    {
        return [
            'its last line' => ['', 0],
            'exit' => ['exit', 3],
            'exit inside a function' => ['inside', 4],
            'an exception' => ['exception', 255],
            'the memory limit' => ['memory', 255],
        ];
    }

    /** @dataProvider ends */
    public function testSendsWhatItHasHoweverItEnds(string $how, int $code): void
    {
        $receiver = $this->script('received');
        $sender = $this->script('sent', [$receiver->readLine(), $how]);
        self::assertSame('1000', $receiver->readLine());
        self::assertSame($code, $sender->wait());
    }

    /**
     * @param list<string> $arguments
     * @param array<string, string> $environment
     */
    private function script(string $name, array $arguments = [], array $environment = []): ChildProcess
    {
        return $this->own(ChildProcess::php(
            __DIR__ . "/ends/$name.php",
            $arguments,
            ['auto_prepend_file' => dirname(__DIR__, 4) . '/php/drop-in.php'],
            $environment
        ));
    }
}
