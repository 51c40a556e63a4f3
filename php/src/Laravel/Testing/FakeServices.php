<?php

declare(strict_types=1);

namespace Zroute\Laravel\Testing;

use Illuminate\Support\Str;
use PHPUnit\Framework\Assert;
use Zroute\Laravel\Service;
use Zroute\Laravel\Services;

/**
 * What Rpc::fake() puts in the place of all services.
 */
final class FakeServices implements Services
{
    /** @var list<RecordedCall> */
    private array $calls = [];

    /**
     * @internal
     * @param array<string, mixed> $answers as Rpc::fake() takes them
     */
    public function __construct(private readonly array $answers)
    {
    }

    public function service(?string $name = null): Service
    {
        return new FakeService($this, $name ?? 'default');
    }

    public function __call(string $method, array $arguments): mixed
    {
        return $this->service()->$method(...$arguments);
    }

    /**
     * @internal for FakeService
     * @return mixed the answer
     */
    public function answer(RecordedCall $call): mixed
    {
        $this->calls[] = $call;
        foreach ($this->answers as $function => $answer) {
            if (Str::is($function, $call->function)) {
                $answer = $answer instanceof \Closure ? $answer($call) : $answer;
                return $answer instanceof \Throwable ? throw $answer : $answer;
            }
        }
        if ($this->answers !== [] && !$call->isOneWay) {
            $known = implode(', ', array_keys($this->answers));
            throw new \LogicException("Rpc::fake() has no answer for $call->function; it has: $known");
        }
        return null;
    }

    /**
     * The calls of a function so far, in their order.
     *
     * @param string $function its name, * for any characters
     * @param (callable(RecordedCall): bool)|null $that what holds for them
     * @return list<RecordedCall>
     */
    public function calls(string $function = '*', ?callable $that = null): array
    {
        return array_values(array_filter(
            $this->calls,
            static fn (RecordedCall $call): bool => Str::is($function, $call->function)
                && ($that === null || $that($call)),
        ));
    }

    /** @param (callable(RecordedCall): bool)|null $that */
    public function assertCalled(string $function, ?callable $that = null): void
    {
        Assert::assertNotSame([], $this->calls($function, $that), "expected a call of $function{$this->instead()}");
    }

    /** @param (callable(RecordedCall): bool)|null $that */
    public function assertNotCalled(string $function, ?callable $that = null): void
    {
        Assert::assertCount(0, $this->calls($function, $that), "expected no call of $function{$this->instead()}");
    }

    public function assertCalledTimes(string $function, int $times): void
    {
        Assert::assertCount($times, $this->calls($function), "expected $times calls of $function{$this->instead()}");
    }

    public function assertNothingCalled(): void
    {
        Assert::assertCount(0, $this->calls, "expected no call{$this->instead()}");
    }

    private function instead(): string
    {
        $told = array_map(
            static fn (RecordedCall $call): string => $call->function . json_encode($call->parameters),
            $this->calls
        );
        return ', got: ' . (implode(', ', $told) ?: 'none');
    }
}
