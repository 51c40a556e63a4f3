<?php

// Classes of every kind that the packed form knows. No autoloader: PHP with the extension reads them too.

declare(strict_types=1);

namespace Zroute\Tests\DropIn\MessagePack\Fixture;

class Point
{
    public $x = 1;
    protected $y = 2;
    private $z = 3;

    public function fill(mixed $x, mixed $y, mixed $z): static
    {
        [$this->x, $this->y, $this->z] = [$x, $y, $z];
        return $this;
    }
}

/** Has a private property of the same name as its parent. */
class Place extends Point
{
    private $z = 4;
    public $name;

    public function name(mixed $name, mixed $z): static
    {
        [$this->name, $this->z] = [$name, $z];
        return $this;
    }
}

final class Typed
{
    public int $number;
    public ?string $text = null;
    public readonly array $items;

    public function __construct(?array $items = null)
    {
        if ($items !== null) {
            $this->items = $items;
        }
    }
}

#[\AllowDynamicProperties]
class Dynamic
{
    public $first;
}

final class Told
{
    public function __construct(public mixed $told = null)
    {
    }

    public function __serialize(): array
    {
        return is_array($this->told) ? $this->told : ['told' => $this->told];
    }

    public function __unserialize(array $data): void
    {
        $this->told = $data;
    }
}

class Sleeper
{
    public $kept = 1;
    protected $also = [2];
    private $own = 3;
    public $lost = 4;
    public int $woken = 0;

    public function keep(mixed $kept, mixed $own): static
    {
        [$this->kept, $this->own] = [$kept, $own];
        return $this;
    }

    public function __sleep(): array
    {
        return ['own', 'kept', 'also'];
    }

    public function __wakeup(): void
    {
        $this->woken++;
    }
}

// It is deprecated to have no __serialize(); that is what is tried here.
@eval('namespace ' . __NAMESPACE__ . '; final class Custom implements \Serializable
{
    public function __construct(public mixed $inner = null)
    {
    }

    public function serialize(): string
    {
        return serialize($this->inner);
    }

    public function unserialize(string $data): void
    {
        $this->inner = unserialize($data);
    }
}');

enum Suit: string
{
    case Hearts = 'h';
    case Spades = 's';
}

enum Level: int
{
    case Low = -1;
    case High = 70000;
}

enum Mark
{
    case One;
    case Two;
}
