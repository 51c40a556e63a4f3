<?php

declare(strict_types=1);

namespace Zroute\Exception;

/**
 * What every exception of this library implements.
 */
interface ZrouteException extends \Throwable
{
}
