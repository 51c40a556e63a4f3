<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\ZrouteException;

/**
 * Thrown by a handler to tell its caller what went wrong, under a code of its
 * own. Any other exception becomes the code -32603.
 *
 *     throw new Fault(7, 'the account holds 3 EUR', 'NoMoney');
 */
final class Fault extends \RuntimeException implements ZrouteException
{
    /** The parameters do not fit the function. */
    public const PARAMETERS = -32602;
    /** The handler failed. */
    public const HANDLER = -32603;
    /** The deadline passed before the handler began. */
    public const DEADLINE = -32001;
    /** The server has too much to do. */
    public const OVERLOADED = -32002;
    /** The caller may not call this. */
    public const FORBIDDEN = -32003;
    /** The request or the answer is too large. */
    public const TOO_LARGE = -32004;

    private const NAMES = [
        self::PARAMETERS => 'InvalidParameters',
        self::HANDLER => 'HandlerFailed',
        self::DEADLINE => 'DeadlineExceeded',
        self::OVERLOADED => 'Overloaded',
        self::FORBIDDEN => 'Forbidden',
        self::TOO_LARGE => 'TooLarge',
    ];

    /** A word for programs. */
    public readonly string $name;

    /**
     * @param int $code 1 and above for the application's own, or one of the constants
     * @param string $message a sentence for people
     * @param string|null $name a word for programs; null takes the code's
     */
    public function __construct(int $code, string $message, ?string $name = null)
    {
        if ($code < 1 && !isset(self::NAMES[$code])) {
            throw new \ValueError("a fault's code is 1 or above, or one of Fault's constants; got $code");
        }
        parent::__construct($message, $code);
        $this->name = $name ?? self::NAMES[$code] ?? 'ApplicationError';
    }
}
