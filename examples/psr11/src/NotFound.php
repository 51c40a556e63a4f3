<?php

declare(strict_types=1);

namespace Tea;

use Psr\Container\NotFoundExceptionInterface;

final class NotFound extends \RuntimeException implements NotFoundExceptionInterface
{
}
