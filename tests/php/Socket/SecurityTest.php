<?php

declare(strict_types=1);

namespace Zroute\Tests\Socket;

use PHPUnit\Framework\TestCase;
use Zroute\Curve;
use Zroute\Exception\InvalidOption;
use Zroute\Socket\Event;
use Zroute\Socket\Monitor;
use Zroute\Socket\Reply;
use Zroute\Socket\Request;
use Zroute\Socket\Security;

/**
 * Sockets do not talk to everybody, if they are told so.
 */
final class SecurityTest extends TestCase
{
    private const PATIENCE_MS = 60_000;

    public function testCurveLetsTheRightOnesTalk(): void
    {
        [$public, $secret] = Curve::keyPair();
        $reply = new Reply(bind: 'tcp://127.0.0.1:*', options: Security::curveServer($secret));
        $own = Curve::keyPair()[1];
        foreach ([Security::curveClient($public), Security::curveClient($public, $own)] as $options) {
            $request = new Request($reply->endpoint(), options: $options);
            $request->send('secret');
            self::assertSame('secret', $reply->receive(self::PATIENCE_MS));
            $reply->send('back');
            self::assertSame('back', $request->receive(self::PATIENCE_MS));
        }
    }

    public function testCurveKeepsOthersOut(): void
    {
        $reply = new Reply(bind: 'tcp://127.0.0.1:*', options: Security::curveServer(Curve::keyPair()[1]));
        foreach ([Security::curveClient(Curve::keyPair()[0]), []] as $options) {
            $monitor = new Monitor($reply, Event::HANDSHAKE_FAILED_PROTOCOL | Event::HANDSHAKE_FAILED_NO_DETAIL);
            $request = new Request($reply->endpoint(), options: $options);
            $request->send('let me in');
            self::assertStringStartsWith('HANDSHAKE_FAILED', $monitor->receive(self::PATIENCE_MS)->name);
            self::assertFalse($reply->hasMessage());
            $monitor->close();
            $request->close();
        }
    }

    /** @return iterable<string, array{string, \Closure(): mixed}> */
    public static function mistakes(): iterable
    {
        yield 'a short secret key' => ['a secret key is expected to be', fn () => Security::curveServer('short')];
        yield 'a short public key' => ["got 3 bytes", fn () => Security::curveClient('abc')];
        yield 'no Z85' => ['no Z85', fn () => Security::curveServer(str_repeat('~', 40))];
        yield 'a NUL' => ['no Z85', fn () => Security::curveClient(str_repeat("\0", 40))];
    }

    /**
     * @dataProvider mistakes
     * @param \Closure(): mixed $make
     */
    public function testWhatIsNoKeyIsRefused(string $words, \Closure $make): void
    {
        $this->expectException(InvalidOption::class);
        $this->expectExceptionMessage($words);
        $make();
    }

    public function testThePublicKeyGoesWithTheSecretOne(): void
    {
        [$public, $secret] = Curve::keyPair();
        self::assertSame($public, Curve::publicKey($secret));
        $this->expectException(InvalidOption::class);
        Curve::publicKey('no key');
    }

    public function testPlainLetsInWhomTheHandlerKnows(): void
    {
        $handler = new Reply(bind: 'inproc://zeromq.zap.01');
        $reply = new Reply(bind: 'tcp://127.0.0.1:*', options: Security::plainServer());
        $request = new Request($reply->endpoint(), options: Security::plainClient('me', 'my password'));
        $request->send('hello');
        [$version, $id, , , , $mechanism, $username, $password] = $handler->receiveFrames(self::PATIENCE_MS);
        self::assertSame(['PLAIN', 'me', 'my password'], [$mechanism, $username, $password]);
        $handler->send($version, $id, '200', 'OK', $username, '');
        self::assertSame('hello', $reply->receive(self::PATIENCE_MS));
    }
}
