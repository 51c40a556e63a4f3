<?php

/**
 * What the scripts here print with: the same from the extension and from the drop-in, whatever the machine.
 */

/** Prints what a call gives or throws. */
function tell(string $label, callable $call): mixed
{
    echo "$label: ";
    try {
        $result = $call();
    } catch (Throwable $e) {
        tellOf($e);
        return null;
    }
    var_dump($result);
    return $result;
}

/** Prints an exception: class, code, message, where, and those before it. */
function tellOf(?Throwable $e): void
{
    for (; $e !== null; $e = $e->getPrevious()) {
        // PHP tells of who has called a function only where that is not built in.
        // A class in PHP has to say that it takes null.
        $told = '/, called in .*$| in \S+ on line \d+(?= and )|(?<=must be of type )\?/';
        $message = preg_replace($told, '', $e->getMessage());
        $where = $e instanceof ZMQException ? ' at ' . basename($e->getFile()) . ':' . $e->getLine() : '';
        echo get_class($e), " #{$e->getCode()}$where: $message\n";
    }
}

/** A text with what differs from run to run as a name. */
function plain(mixed $value): mixed
{
    if (is_array($value)) {
        return array_map(plain(...), $value);
    }
    return is_string($value) ? preg_replace('~(tcp://[0-9.]+):\d+~', '$1:PORT', $value) : $value;
}

/** Waits for an event without a sleep; false after five seconds. */
function comes(callable $happened): bool
{
    for ($end = hrtime(true) + 5e9; hrtime(true) < $end; usleep(500)) {
        if ($happened()) {
            return true;
        }
    }
    return false;
}
