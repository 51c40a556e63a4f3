<?php

declare(strict_types=1);

// What every script here starts with: both bridges in one process, and how their outcomes are compared.
// phpcs:disable PSR1.Files.SideEffects

require __DIR__ . '/../../../php/autoload.php';

use Zroute\Bridge;
use Zroute\Native;
use Zroute\SerializeBridge;
use Zroute\SlotBridge;

// No error is to go by unseen.
set_error_handler(static function (int $level, string $message, string $file, int $line): never {
    throw new ErrorException($message, 0, $level, $file, $line);
});

function slot(): Bridge
{
    static $bridge;
    return $bridge ??= SlotBridge::open(Native::get());
}

function serialized(): Bridge
{
    static $bridge;
    return $bridge ??= new SerializeBridge(Native::get());
}

function check(bool $holds, string $what): void
{
    global $checks;
    $checks++;
    if (!$holds) {
        fwrite(STDERR, "FAILED: $what\n");
        exit(1);
    }
}

function done(): never
{
    global $checks;
    echo "ok, $checks checks, PHP ", PHP_VERSION, "\n";
    exit(0);
}

/**
 * @return array{string, mixed} how it ended, and with what
 */
function outcome(Closure $do): array
{
    try {
        return ['value', $do()];
    } catch (Throwable $e) {
        // The text begins with the native function's name; sizes are those at which each gave up.
        $text = preg_replace(['/^zroute_\w+: /', '/\d+ bytes are/'], ['', 'N bytes are'], $e->getMessage());
        return [$e::class, $text];
    }
}

/** Identical, with floats compared bit by bit; one that is not a number is like any other such. */
function same(mixed $a, mixed $b): bool
{
    if (is_float($a) && is_float($b)) {
        return (is_nan($a) && is_nan($b)) || pack('E', $a) === pack('E', $b);
    }
    if (!is_array($a) || !is_array($b)) {
        return $a === $b;
    }
    if (array_keys($a) !== array_keys($b)) {
        return false;
    }
    foreach ($a as $key => $value) {
        if (!same($value, $b[$key])) {
            return false;
        }
    }
    return true;
}

function packsAlike(mixed $value, string $what): void
{
    $slot = outcome(static fn () => slot()->pack($value));
    $text = outcome(static fn () => serialized()->pack($value));
    $same = $slot === $text;
    check($same, $same ? $what : "$what packs alike: slot " . shown($slot) . ', serialize ' . shown($text));
}

function unpacksAlike(string $packed, string $what): void
{
    $slot = outcome(static fn () => slot()->unpack($packed));
    $text = outcome(static fn () => serialized()->unpack($packed));
    $same = $slot[0] === $text[0] && same($slot[1], $text[1]);
    check($same, $same ? $what : "$what unpacks alike: " . bin2hex($packed) . ': slot ' . shown($slot)
        . ', serialize ' . shown($text));
}

/**
 * Where the msgpack extension is loaded, it reads what the slot has written, and the slot what it writes. It is
 * given good bytes only: others may end the process.
 */
function extensionAgrees(string $packed, string $what): void
{
    if (!extension_loaded('msgpack')) {
        return;
    }
    $value = slot()->unpack($packed);
    // Anew, because the extension makes an object of an empty map.
    $packed = slot()->pack($value);
    $same = same(msgpack_unpack($packed), $value) && same(slot()->unpack(msgpack_pack($value)), $value);
    check($same, $same ? $what : "$what is the same to ext-msgpack: " . bin2hex($packed));
}

function shown(array $outcome): string
{
    [$how, $with] = $outcome;
    $text = is_string($with) && preg_match('/[^ -~]/', $with) === 1 ? bin2hex($with) : var_export($with, true);
    return $how . ' ' . (strlen($text) > 400 ? substr($text, 0, 400) . '…' : $text);
}

/** debug_zval_dump()'s text, which shows how often each value is counted. */
function counted(mixed $value): string
{
    ob_start();
    debug_zval_dump($value);
    return (string) ob_get_clean();
}

/**
 * The command of the PHP that runs this, with FFI, which may be built in.
 *
 * @return list<string>
 */
function php(): array
{
    $php = [PHP_BINARY, '-n'];
    exec(escapeshellarg(PHP_BINARY) . ' -n -m', $modules);
    return in_array('FFI', $modules, true) ? $php : [...$php, '-d', 'extension=ffi'];
}

/** Ends a process with this one, however this one ends. */
function own(mixed $process): void
{
    register_shutdown_function(static fn () => is_resource($process) && proc_terminate($process, 9));
}
