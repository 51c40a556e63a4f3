<?php

declare(strict_types=1);

namespace Zroute\Laravel\Testing;

/**
 * A call of a faked service.
 */
final class RecordedCall
{
    /** @internal */
    public function __construct(
        /** The service's name in the configuration. */
        public readonly string $service,
        public readonly string $function,
        public readonly mixed $parameters,
        /** @var array<string, mixed> what withMeta() added */
        public readonly array $meta,
        /** Whether it was made by notify(). */
        public readonly bool $isOneWay,
    ) {
    }
}
