<?php

declare(strict_types=1);

namespace Zroute\Exception;

/**
 * The native library is missing, does not fit or cannot be used, or refused
 * something that no other exception stands for. getCode() is its status, if
 * it was the one that refused.
 */
final class NativeError extends \RuntimeException implements ZrouteException
{
}
