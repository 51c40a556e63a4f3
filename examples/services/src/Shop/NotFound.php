<?php

declare(strict_types=1);

namespace Shop;

use Psr\Container\NotFoundExceptionInterface;

/**
 * Nothing has this id.
 */
final class NotFound extends \RuntimeException implements NotFoundExceptionInterface
{
}
