<?php

declare(strict_types=1);

namespace Zroute\Exception;

/**
 * The call reached the server and failed there.
 *
 * getCode() is the fault's code: docs/wire.md lists the negative ones; those
 * from 1 on are the application's.
 */
final class RemoteError extends \RuntimeException implements ZrouteException
{
    private function __construct(
        string $message,
        int $code,
        /** The function that was called. */
        public readonly string $function,
        /** A word for programs, such as InvalidParameters or a class name. */
        public readonly string $name,
        /** What the server said. */
        public readonly string $remoteMessage,
    ) {
        parent::__construct($message, $code);
    }

    /** @internal */
    public static function fromFault(string $function, int $code, string $name, string $message): self
    {
        return new self("$function failed at the server: $name ($code): $message", $code, $function, $name, $message);
    }
}
