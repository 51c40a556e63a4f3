<?php

declare(strict_types=1);

// Classes as programs have them: those whose objects are read and built in place, and those that have a say in it.
// phpcs:disable PSR1.Classes.ClassDeclaration,Squiz.Classes.ValidClassName

enum Suit: string
{
    case Clubs = 'clubs';
    case Hearts = 'hearts';
}

enum Bare
{
    case One;
}

/** Nothing but public properties. */
class Point
{
    public $x;
    public $y = [1, 2];
    public $z = 'z';
}

/** Every visibility, and room for more. */
#[AllowDynamicProperties]
class Account
{
    public $owner = 'nobody';
    protected $limits = [];
    private $secret = 1;

    public function fill(mixed $limits, mixed &$secret): static
    {
        $this->limits = $limits;
        $this->secret = &$secret;
        return $this;
    }
}

/** Has a private property of the same name as its parent's. */
class SavingsAccount extends Account
{
    private $secret = 'own';
    public static $rate = 2;

    public function keep(mixed $secret): static
    {
        $this->secret = $secret;
        return $this;
    }
}

final class Typed
{
    public int $int = 1;
    public ?string $text = null;
    protected array $list = [];
    private float $float = 1.5;
    public ?self $next = null;
    public ?Typed $other = null;
    public int|Point|null $point = null;
    public readonly int $once;
    public bool $unset;
    public $free = ['default'];

    public function fill(mixed $value): static
    {
        match (true) {
            is_int($value) => $this->once = $this->int = $value,
            is_string($value) => $this->text = $value,
            is_array($value) => $this->list = $value,
            is_float($value) => $this->float = $value,
            is_bool($value) => $this->unset = $value,
            $value instanceof self => $this->other = $value,
            $value instanceof Point => $this->point = $value,
            default => null,
        };
        $this->free = $value;
        return $this;
    }
}

/** Constants that are computed when they are first needed. */
final class Computed
{
    public $suit = Suit::Hearts;
    public $sum = Limits::MOST + 1;
}

final class Limits
{
    public const MOST = 41;
}

/** Says itself what it holds. */
final class Sleeper
{
    public $kept = 1;
    public $dropped = 2;
    public $woken = false;

    public function __sleep(): array
    {
        return ['kept'];
    }

    public function __wakeup(): void
    {
        $this->woken = true;
    }
}

final class Magic
{
    public function __construct(public mixed $inner = null)
    {
    }

    public function __serialize(): array
    {
        return ['inner' => $this->inner];
    }

    public function __unserialize(array $data): void
    {
        $this->inner = $data['inner'] ?? null;
    }
}

/** Must not end before its time. */
final class Ending
{
    public static int $ended = 0;
    public $x = 1;

    public function __destruct()
    {
        self::$ended++;
    }
}

final class Readers
{
    public $real = 1;
    public static int $asked = 0;

    public function __get(string $name): mixed
    {
        self::$asked++;
        return null;
    }

    public function __isset(string $name): bool
    {
        self::$asked++;
        return true;
    }
}
