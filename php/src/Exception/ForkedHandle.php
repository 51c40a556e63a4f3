<?php

declare(strict_types=1);

namespace Zroute\Exception;

/**
 * A server or client from before pcntl_fork() was used in the child. Make a
 * new one there; the parent's goes on undisturbed.
 */
final class ForkedHandle extends \LogicException implements ZrouteException
{
}
