<?php

declare(strict_types=1);

namespace Zroute\Exception;

/**
 * It was not the socket's turn: a Request receives after it has sent, a Reply
 * sends after it has received. Or a server is to run that has bound nothing.
 */
final class InvalidState extends \LogicException implements ZrouteException
{
}
