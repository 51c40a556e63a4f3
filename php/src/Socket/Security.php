<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Curve;
use Zroute\Exception\InvalidOption;
use Zroute\Native;

use function is_int;
use function str_contains;
use function strlen;

/**
 * Options for sockets that do not talk to everybody.
 *
 *     [$public, $secret] = Zroute\Curve::keyPair();
 *     $reply = new Reply(bind: 'tcp://*:5555', options: Security::curveServer($secret));
 *     $request = new Request(connect: 'tcp://10.0.0.1:5555', options: Security::curveClient($public));
 *
 * Who may come in is decided by a Reply bound to inproc://zeromq.zap.01 in the
 * server's context, which answers as ZeroMQ's RFC 27 says. Without one, a CURVE
 * server lets in everybody who knows its public key, and a PLAIN server nobody.
 */
final class Security
{
    /** Of a key, and of its text. */
    private const BYTES = 32;
    private const CHARACTERS = 40;

    /**
     * Encrypts, and proves to the clients that this is the server they expect.
     *
     * @param string $secretKey its own, of Curve::keyPair()
     * @return array<string, int|string>
     * @throws InvalidOption when it is no key
     */
    public static function curveServer(string $secretKey): array
    {
        self::checkKey('a secret key', $secretKey);
        return ['ZMQ_CURVE_SERVER' => 1, 'ZMQ_CURVE_SECRETKEY' => $secretKey];
    }

    /**
     * Encrypts, and talks to nobody but the server with this public key.
     *
     * @param string|null $secretKey its own, of Curve::keyPair(); null makes a new one
     * @return array<string, int|string>
     * @throws InvalidOption when one of them is no key
     */
    public static function curveClient(string $serverKey, ?string $secretKey = null): array
    {
        self::checkKey("a server's public key", $serverKey);
        [$public, $secret] = $secretKey === null
            ? Curve::keyPair()
            : [Curve::publicKey($secretKey), $secretKey];
        return [
            'ZMQ_CURVE_SERVERKEY' => $serverKey,
            'ZMQ_CURVE_PUBLICKEY' => $public,
            'ZMQ_CURVE_SECRETKEY' => $secret,
        ];
    }

    /**
     * Wants a name and a password, which cross the network in the clear; see above for who looks at them.
     *
     * @return array<string, int|string>
     */
    public static function plainServer(): array
    {
        return ['ZMQ_PLAIN_SERVER' => 1];
    }

    /** @return array<string, int|string> */
    public static function plainClient(string $username, string $password): array
    {
        return ['ZMQ_PLAIN_USERNAME' => $username, 'ZMQ_PLAIN_PASSWORD' => $password];
    }

    /** The socket would refuse it too, and not say whose key it is. */
    private static function checkKey(string $meant, string $key): void
    {
        // It may be secret: no message shows it.
        $got = match (true) {
            strlen($key) === self::BYTES => null,
            strlen($key) !== self::CHARACTERS => strlen($key) . ' bytes',
            str_contains($key, "\0"), is_int(Native::get()->z85Decode($key)) => '40 bytes that are no Z85',
            default => null,
        };
        if ($got !== null) {
            throw new InvalidOption(
                "$meant is expected to be 40 characters, as Curve::keyPair() gives it, or 32 bytes; got $got"
            );
        }
    }

    private function __construct()
    {
    }
}
