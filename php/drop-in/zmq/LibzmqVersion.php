<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

use Zroute\DropIn\HiddenObjects;

// Asked when a program names one of ZMQ's constants that are made of these.
define(__NAMESPACE__ . '\\LIBZMQ', HiddenObjects::make(static fn (): array => Library::native()->libzmqVersion()));

/**
 * The version of the libzmq that is loaded.
 *
 * @internal
 */
final class LibzmqVersion
{
    public const MAJOR = LIBZMQ[0];
    public const MINOR = LIBZMQ[1];
    public const PATCH = LIBZMQ[2];
    public const TEXT = self::MAJOR . '.' . self::MINOR . '.' . self::PATCH;
    public const ID = self::MAJOR * 10000 + self::MINOR * 100 + self::PATCH;
}
