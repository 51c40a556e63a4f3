<?php

declare(strict_types=1);

namespace Zroute\Exception;

/**
 * The call was sent and no answer came in time. The function may have run, or
 * may still run. The message names the function, the endpoint and the time.
 */
final class Timeout extends \RuntimeException implements ZrouteException
{
}
