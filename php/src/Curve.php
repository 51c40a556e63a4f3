<?php

declare(strict_types=1);

namespace Zroute;

/**
 * Keys for CURVE: encryption, and the server's proof that it is the one meant.
 *
 *     [$public, $secret] = Zroute\Curve::keyPair();
 *     new Zroute\Server($route, ['curve_secret_key' => $secret]);
 *     new Zroute\Client($endpoint, ['curve_server_key' => $public]);
 */
final class Curve
{
    /** @return array{string, string} the public key and the secret key, 40 characters each */
    public static function keyPair(): array
    {
        return Native::get()->curveKeyPair();
    }

    private function __construct()
    {
    }
}
