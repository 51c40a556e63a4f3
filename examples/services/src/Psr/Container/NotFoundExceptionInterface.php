<?php

declare(strict_types=1);

namespace Psr\Container;

/**
 * As ContainerInterface.
 */
interface NotFoundExceptionInterface extends \Throwable
{
}
