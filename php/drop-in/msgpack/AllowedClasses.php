<?php

declare(strict_types=1);

namespace Zroute\DropIn;

/**
 * Which classes bytes may name. None but stdClass, until the program says so:
 *
 *     Zroute\DropIn\AllowedClasses::set(['App\Order', 'App\Suit']);
 *     Zroute\DropIn\AllowedClasses::set('*'); // any, as the extension does
 *
 * Enums count as classes. A subclass is a class of its own.
 */
final class AllowedClasses
{
    /** @internal */
    public static ?self $current = null;

    /** The names, in lower case, each with a NUL before and after: "\0app\order\0app\suit\0". */
    public readonly string $folded;

    /** @var list<string> as unserialize() takes them; stdClass is one of them */
    public readonly array $names;

    /** @param bool $any whether bytes may name any class; $names then says nothing */
    private function __construct(public readonly bool $any, string ...$names)
    {
        $names = array_map(static fn (string $name): string => ltrim($name, '\\'), $names);
        $this->names = ['stdClass', ...$names];
        $this->folded = "\0" . implode("\0", array_map(strtolower(...), $this->names)) . "\0";
    }

    /**
     * For all bytes from now on, up to the end of the request.
     *
     * @param list<string>|string $classes names of classes and enums, or '*' for any
     * @throws \InvalidArgumentException when it is neither
     */
    public static function set(array|string $classes): void
    {
        if ($classes !== '*' && !is_array($classes)) {
            throw new \InvalidArgumentException(
                "Zroute\DropIn\AllowedClasses::set(): expected a list of class names or '*', got " . $classes
            );
        }
        foreach ((array) $classes as $class) {
            if (!is_string($class)) {
                throw new \InvalidArgumentException(
                    'Zroute\DropIn\AllowedClasses::set(): expected names of classes, got ' . get_debug_type($class)
                );
            }
            if ($class === '*' && is_array($classes)) {
                throw new \InvalidArgumentException(
                    "Zroute\DropIn\AllowedClasses::set(): '*' in a list is no class; for any class give '*' alone"
                );
            }
        }
        // What goes too, or the program's next objects would have its numbers.
        HiddenObjects::make(static function () use ($classes): void {
            self::$current = null;
            self::$current = $classes === '*' ? new self(true) : new self(false, ...array_values($classes));
            Codecs::renew();
        });
    }

    /** @internal */
    public static function current(): self
    {
        return self::$current ??= new self(false);
    }

    /**
     * These, and one more.
     *
     * @internal
     */
    public function with(string $class): self
    {
        return $this->any ? $this : new self(false, ...array_slice($this->names, 1), ...[$class]);
    }
}
