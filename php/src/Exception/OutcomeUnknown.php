<?php

declare(strict_types=1);

namespace Zroute\Exception;

/**
 * The call was sent, and its connection was lost before an answer came. The
 * function may have run. A call that is declared idempotent is tried again
 * instead. The message names the function and the endpoint.
 */
final class OutcomeUnknown extends \RuntimeException implements ZrouteException
{
}
