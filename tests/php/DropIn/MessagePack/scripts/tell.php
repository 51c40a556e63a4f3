<?php

/**
 * What the scripts here print with: the same from the extension and from the drop-in.
 */

require __DIR__ . '/by_chance/classes.php';

if (class_exists('Zroute\DropIn\AllowedClasses')) {
    // As the extension does.
    Zroute\DropIn\AllowedClasses::set('*');
}

set_error_handler(static function (int $level, string $message): bool {
    // PHP's own code cannot raise E_WARNING, nor E_DEPRECATED.
    $levels = [
        E_WARNING => 'warning', E_USER_WARNING => 'warning', E_NOTICE => 'notice', E_USER_NOTICE => 'notice',
        E_DEPRECATED => 'deprecated', E_USER_DEPRECATED => 'deprecated',
    ];
    echo '[', $levels[$level] ?? "level $level", ": $message] ";
    return true;
});

function told(mixed $value): string
{
    ob_start();
    var_dump($value);
    return preg_replace(['/#\d+/', '/\s+/'], ['', ' '], rtrim(ob_get_clean()));
}

/** Prints what a call gives or throws. */
function tell(string $label, callable $call): void
{
    echo "$label: ";
    try {
        $result = $call();
        echo told($result), "\n";
    } catch (Throwable $e) {
        // PHP tells of who has called a function only where that is not built in.
        echo get_class($e), ': ', preg_replace('/, called in .*$/', '', $e->getMessage()), "\n";
    }
}

function packed(string $label, mixed $value): void
{
    tell($label, static fn (): string => bin2hex(msgpack_pack($value)));
}

function unpacked(string $label, string $hex, mixed ...$template): void
{
    tell("$label $hex", static fn (): mixed => msgpack_unpack(hex2bin($hex), ...$template));
}
