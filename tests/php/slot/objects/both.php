<?php

declare(strict_types=1);

// What every script here starts with: both codecs in one process, and how their outcomes are compared.
// phpcs:disable PSR1.Files.SideEffects

require __DIR__ . '/../both.php';
require __DIR__ . '/classes.php';
require __DIR__ . '/random_graph.php';
spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Zroute\\DropIn\\')) {
        $name = strtr(substr($class, strlen('Zroute\\DropIn\\')), '\\', '/');
        $folder = __DIR__ . '/../../../../php/drop-in';
        require is_file("$folder/$name.php") ? "$folder/$name.php" : "$folder/msgpack/$name.php";
    }
});

use Zroute\DropIn\AllowedClasses;
use Zroute\DropIn\Codec;
use Zroute\DropIn\Remarks;
use Zroute\DropIn\SerializeCodec;
use Zroute\DropIn\SlotCodec;
use Zroute\Native;

/** As the extension is set up, unless told otherwise. */
const DEFAULTS = Codec::PHP_ONLY | Codec::STR8 | Codec::ASSOC;

/** Counts what is left to it. */
final class OtherCodec implements Codec
{
    public int $packed = 0;
    public int $unpacked = 0;
    public readonly Codec $real;

    public function __construct()
    {
        $this->real = new SerializeCodec(Native::get());
    }

    public function name(): string
    {
        return $this->real->name();
    }

    public function pack(mixed $value, int $settings): string
    {
        $this->packed++;
        return $this->real->pack($value, $settings);
    }

    public function unpack(string $packed, int $settings, AllowedClasses $allowed, ?Remarks &$remarks): mixed
    {
        $this->unpacked++;
        return $this->real->unpack($packed, $settings, $allowed, $remarks);
    }
}

function other(): OtherCodec
{
    static $other;
    return $other ??= new OtherCodec();
}

function inPlace(): SlotCodec
{
    static $codec;
    return $codec ??= SlotCodec::open(Native::get(), other());
}

function any(): AllowedClasses
{
    static $any;
    if ($any === null) {
        AllowedClasses::set('*');
        $any = AllowedClasses::current();
    }
    return $any;
}

/** @param string ...$classes besides stdClass */
function only(string ...$classes): AllowedClasses
{
    AllowedClasses::set($classes);
    return AllowedClasses::current();
}

/** @return array{string, ?Remarks} what came of it, as text, and what there is to be said */
function unpacked(Codec $codec, string $packed, int $settings, AllowedClasses $allowed): array
{
    $remarks = null;
    try {
        return [serialize($codec->unpack($packed, $settings, $allowed, $remarks)), $remarks];
    } catch (Throwable $e) {
        return [$e::class . ': ' . $e->getMessage(), $remarks];
    }
}

function unpackAlike(string $packed, AllowedClasses $allowed, string $what, int $settings = DEFAULTS): void
{
    $slot = unpacked(inPlace(), $packed, $settings, $allowed);
    $text = unpacked(other()->real, $packed, $settings, $allowed);
    $same = $slot == $text;
    check($same, $same ? $what : "$what unpacks alike: " . substr(bin2hex($packed), 0, 2000) . "\nslot: "
        . var_export($slot, true) . "\nserialize: " . var_export($text, true));
}
