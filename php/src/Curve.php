<?php

declare(strict_types=1);

namespace Zroute;

use Zroute\Exception\InvalidOption;

use function is_string;

/**
 * Keys for CURVE: encryption, and the server's proof that it is the one meant.
 *
 *     [$public, $secret] = Zroute\Curve::keyPair();
 *     new Zroute\Server($route, ['curve_secret_key' => $secret]);
 *     new Zroute\Client($endpoint, ['curve_server_key' => $public]);
 *
 * Socket\Security has them for plain sockets.
 */
final class Curve
{
    /** @return array{string, string} the public key and the secret key, 40 characters each */
    public static function keyPair(): array
    {
        return Native::get()->curveKeyPair();
    }

    /**
     * @param string $secretKey 40 characters
     * @return string the public key that goes with it
     * @throws InvalidOption when it is no key
     */
    public static function publicKey(string $secretKey): string
    {
        $native = Native::get();
        $public = $native->curvePublicKey($secretKey);
        return is_string($public) ? $public : throw Native::exception($public, $native->lastError());
    }

    private function __construct()
    {
    }
}
