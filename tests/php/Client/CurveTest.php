<?php

declare(strict_types=1);

namespace Zroute\Tests\Client;

use Zroute\Client;
use Zroute\Curve;
use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\ZrouteException;
use Zroute\Server;
use Zroute\Tests\ProcessTestCase;

/**
 * Encryption, and the server's proof of who it is.
 */
final class CurveTest extends ProcessTestCase
{
    public function testKeyPairsAreFresh(): void
    {
        [$public, $secret] = Curve::keyPair();
        self::assertSame([40, 40], [strlen($public), strlen($secret)]);
        self::assertCount(4, array_unique([$public, $secret, ...Curve::keyPair()]));
    }

    public function testAClientReachesTheServerWhoseKeyItHas(): void
    {
        [$public, $secret] = Curve::keyPair();
        $server = $this->serve('functions', ['curve_secret_key' => $secret]);
        self::assertSame(3, $server->client(['curve_server_key' => $public])->call('plus', [1, 2]));

        [$own, $ownSecret] = Curve::keyPair();
        $keys = ['curve_server_key' => $public, 'curve_public_key' => $own, 'curve_secret_key' => $ownSecret];
        self::assertSame(3, $server->client($keys)->call('plus', [1, 2]));
    }

    public function testAClientWithTheWrongKeyOrNoneReachesNobody(): void
    {
        [$public, $secret] = Curve::keyPair();
        $server = $this->serve('functions', ['curve_secret_key' => $secret]);
        foreach ([[], ['curve_server_key' => Curve::keyPair()[0]]] as $keys) {
            try {
                $server->client($keys)->call('plus', [1, 2], 300);
                self::fail('it was answered');
            } catch (ConnectionFailed) {
            }
        }
        self::assertSame(3, $server->client(['curve_server_key' => $public])->call('plus', [1, 2]));
    }

    public function testAnEncryptedClientDoesNotTalkToAPlainServer(): void
    {
        $this->expectException(ConnectionFailed::class);
        $this->serve()->client(['curve_server_key' => Curve::keyPair()[0]])->call('plus', [1], 300);
    }

    public function testWhatIsNoKeyIsRefused(): void
    {
        [$public, $secret] = Curve::keyPair();
        $makings = [
            fn () => (new Server([], ['curve_secret_key' => 'short']))->bind('tcp://127.0.0.1:0'),
            fn () => new Client('tcp://127.0.0.1:1', ['curve_server_key' => str_repeat(' ', 40)]),
            fn () => new Client('tcp://127.0.0.1:1', ['curve_public_key' => $public, 'curve_secret_key' => $secret]),
            fn () => new Client('tcp://127.0.0.1:1', ['curve_server_key' => $public, 'curve_secret_key' => $secret]),
        ];
        foreach ($makings as $make) {
            try {
                $make();
                self::fail('it was taken');
            } catch (InvalidOption $e) {
                self::assertInstanceOf(ZrouteException::class, $e);
                self::assertStringContainsStringIgnoringCase('curve', $e->getMessage());
                self::assertStringNotContainsString($secret, $e->getMessage());
            }
        }
    }
}
