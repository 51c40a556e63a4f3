<?php

declare(strict_types=1);

namespace Zroute\DropIn\Sample;

/**
 * What the native library expects of a class without hooks, to see whether it
 * knows how PHP lays classes out.
 *
 * @internal
 */
final class Plain extends \stdClass
{
    public $open = 1;
    protected ?int $kept = 2;
    private ?Hooked $own = null;
}
