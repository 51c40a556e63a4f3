<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

use Psr\Container\NotFoundExceptionInterface;

/**
 * What the container throws.
 */
final class NotFound extends \RuntimeException implements NotFoundExceptionInterface
{
}
