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
            self::assertStringContainsString('Do both ends have the same keys', self::refusal($server->client($keys)));
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
            fn () => new Client('tcp://127.0.0.1:1', ['curve_server_key' => $public, 'curve_public_key' => $public]),
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

    public function testAServerLetsInWhoIsOnItsList(): void
    {
        [$public, $secret] = Curve::keyPair();
        [$own, $ownSecret] = Curve::keyPair();
        $server = $this->serve('functions', ['curve_secret_key' => $secret, 'curve_allowed_keys' => "$own a friend"]);
        $friend = ['curve_server_key' => $public, 'curve_secret_key' => $ownSecret];
        self::assertSame(3, $server->client($friend)->call('plus', [1, 2]));

        $stranger = $server->client(['curve_server_key' => $public]);
        self::assertStringContainsString('the peer refused the handshake', self::refusal($stranger));
    }

    public function testTheListIsReadAgainWhenItIsAskedFor(): void
    {
        [$public, $secret] = Curve::keyPair();
        [$own, $ownSecret] = Curve::keyPair();
        $file = tempnam(sys_get_temp_dir(), 'keys');
        try {
            $server = new Server([], ['curve_secret_key' => $secret, 'curve_allowed_keys_file' => $file]);
            $server->register('again', fn () => $server->reloadKeys());
            file_put_contents($file, 'no key');
            try {
                $server->reloadKeys();
                self::fail('a list that is none');
            } catch (InvalidOption $e) {
                self::assertStringContainsString('line 1', $e->getMessage());
            }
            file_put_contents($file, "# now\n$own\n");
            $server->reloadKeys();
            $endpoint = $server->bind('tcp://127.0.0.1:0');
            $client = new Client($endpoint, ['curve_server_key' => $public, 'curve_secret_key' => $ownSecret]);
            $call = $client->async('again');
            $deadline = hrtime(true) + 60_000_000_000;
            while (!$call->isDone() && hrtime(true) < $deadline) {
                $server->step(10);
            }
            self::assertNull($call->await());
        } finally {
            unlink($file);
        }
    }

    public function testKeysAreReadFromFiles(): void
    {
        [$public, $secret] = Curve::keyPair();
        $folder = sys_get_temp_dir() . '/zroute-' . bin2hex(random_bytes(6));
        mkdir($folder);
        try {
            file_put_contents("$folder/server.key", "# of the till\n$secret\n");
            file_put_contents("$folder/server.pub", "metadata\ncurve\n    public-key = \"$public\"\n");
            $server = $this->serve('functions', ['curve_secret_key_file' => "$folder/server.key"]);
            $keys = ['curve_server_key_file' => "$folder/server.pub"];
            self::assertSame(3, $server->client($keys)->call('plus', [1, 2]));

            $this->expectException(InvalidOption::class);
            $this->expectExceptionMessage("option 'curve_server_key_file': cannot read $folder/none");
            new Client('tcp://127.0.0.1:1', ['curve_server_key_file' => "$folder/none"]);
        } finally {
            array_map(unlink(...), glob("$folder/*"));
            rmdir($folder);
        }
    }

    /** Why a client is not let in; a slow machine needs longer to come that far. */
    private static function refusal(Client $client): string
    {
        foreach ([300, 3000, 30_000] as $timeoutMs) {
            try {
                $client->call('plus', [1, 2], $timeoutMs);
                self::fail('it was answered');
            } catch (ConnectionFailed $e) {
                if (str_contains($e->getMessage(), 'handshake')) {
                    break;
                }
            }
        }
        return $e->getMessage();
    }
}
