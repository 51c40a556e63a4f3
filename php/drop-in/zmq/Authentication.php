<?php

declare(strict_types=1);

namespace Zroute\DropIn\Zmq;

use Zroute\DropIn\HiddenObjects;
use Zroute\Native;
use Zroute\Status;

/**
 * Who may connect: libzmq's requests by ZAP (ZeroMQ RFC 27), answered for
 * ZMQAuth while the program waits for a socket. It stands in for the native
 * library in the calls that wait.
 *
 * @internal
 */
final class Authentication
{
    private const ENDPOINT = 'inproc://zeromq.zap.01';
    private const IN = 1;
    private const OUT = 2;
    private const DONTWAIT = 1;

    /** @var array<int, int> by context: the REP socket that libzmq asks */
    private static array $sockets = [];
    /** @var array<int, array<string, true>> by context */
    private static array $allowed = [];
    /** @var array<int, array<string, true>> by context */
    private static array $denied = [];
    /** @var array<int, string> by context: a file with passwords */
    private static array $passwords = [];
    /** @var array<int, string> by context: a folder with certificates, or * */
    private static array $certificates = [];

    public function __construct(private readonly Native $native)
    {
    }

    public static function isOn(): bool
    {
        return self::$sockets !== [];
    }

    /** @return bool false when it cannot be, such as for a context that has one */
    public static function open(int $context): bool
    {
        $native = Library::native();
        if ($native->newSocket($context, 'ZMQ_REP', $socket) !== Status::OK) {
            return false;
        }
        $native->setSocketInteger($socket, 'ZMQ_LINGER', 0);
        if ($native->bindSocket($socket, self::ENDPOINT) !== Status::OK) {
            $native->freeSocket($socket);
            return false;
        }
        self::$sockets[$context] = $socket;
        if (!Library::$calls instanceof self) {
            Library::$calls = HiddenObjects::make(static fn (): self => new self($native));
            Frames::giveUp();
        }
        return true;
    }

    public static function close(int $context): void
    {
        if (isset(self::$sockets[$context]) && !Ending::hasBegun()) {
            // For the next one: closing alone leaves the endpoint taken for a while.
            Library::native()->unbindSocket(self::$sockets[$context], self::ENDPOINT);
            Library::native()->freeSocket(self::$sockets[$context]);
            unset(
                self::$sockets[$context],
                self::$allowed[$context],
                self::$denied[$context],
                self::$passwords[$context],
                self::$certificates[$context]
            );
        }
    }

    public static function finishAll(): void
    {
        array_map(Library::native()->freeSocket(...), self::$sockets);
        self::forget();
    }

    public static function forget(): void
    {
        self::$sockets = [];
    }

    public static function allow(int $context, string $address): void
    {
        self::$allowed[$context][$address] = true;
    }

    public static function deny(int $context, string $address): void
    {
        self::$denied[$context][$address] = true;
    }

    public static function configurePlain(int $context, string $file): void
    {
        self::$passwords[$context] = $file;
    }

    public static function configureCurve(int $context, string $folder): void
    {
        self::$certificates[$context] = $folder;
    }

    public function sendFrame(int $socket, string $frame, int $flags): int
    {
        return $this->patiently(
            fn (): int => $this->native->sendFrame($socket, $frame, $flags | self::DONTWAIT),
            $socket,
            self::OUT,
            $flags
        );
    }

    /** @param list<string> $frames */
    public function sendFrames(int $socket, array $frames, int $flags): int
    {
        return $this->patiently(
            fn (): int => $this->native->sendFrames($socket, $frames, $flags | self::DONTWAIT),
            $socket,
            self::OUT,
            $flags
        );
    }

    public function receiveFrame(int $socket, int $flags): string|int
    {
        return $this->patiently(
            fn (): string|int => $this->native->receiveFrame($socket, $flags | self::DONTWAIT),
            $socket,
            self::IN,
            $flags
        );
    }

    /** @return list<string>|int */
    public function receiveFrames(int $socket, int $flags): array|int
    {
        return $this->patiently(
            fn (): array|int => $this->native->receiveFrames($socket, $flags | self::DONTWAIT),
            $socket,
            self::IN,
            $flags
        );
    }

    /** Does what does not wait until it is done, or the time is up; in between, requests are answered. */
    private function patiently(\Closure $try, int $socket, int $event, int $flags): string|array|int
    {
        $deadline = null;
        while (true) {
            $result = $try();
            if ($result !== Status::TIMEOUT) {
                return $result;
            }
            if ($deadline === null) {
                $option = $event === self::IN ? 'ZMQ_RCVTIMEO' : 'ZMQ_SNDTIMEO';
                $this->native->getSocketInteger($socket, $option, $timeoutMs);
                $timeoutMs = $flags & self::DONTWAIT ? 0 : (int) $timeoutMs;
                $deadline = $timeoutMs < 0 ? INF : hrtime(true) + $timeoutMs * 1_000_000;
            }
            $left = $deadline === INF ? -1 : max(0, (int) ceil(($deadline - hrtime(true)) / 1_000_000));
            $ready = self::poll([[$socket, 0, $event]], $left);
            if (is_int($ready)) {
                return $ready;
            }
            if ($ready === [] && $left === 0) {
                return Status::TIMEOUT;
            }
        }
    }

    /**
     * Polls, and answers requests meanwhile.
     *
     * @param list<array{int, int, int}> $items
     * @return array<int, int>|int as Native::pollSockets()
     */
    public static function poll(array $items, int $timeoutMs): array|int
    {
        $count = count($items);
        $all = array_values($items);
        foreach (self::$sockets as $socket) {
            $all[] = [$socket, 0, self::IN];
        }
        $deadline = hrtime(true) + $timeoutMs * 1_000_000;
        do {
            $left = $timeoutMs < 0 ? -1 : max(0, (int) ceil(($deadline - hrtime(true)) / 1_000_000));
            $ready = Library::native()->pollSockets(PollSets::of($all), $left);
            if (is_int($ready)) {
                return $ready;
            }
            foreach (array_keys(self::$sockets) as $i => $context) {
                if (isset($ready[$count + $i])) {
                    self::answer($context);
                    unset($ready[$count + $i]);
                }
            }
        } while ($ready === [] && $left !== 0);
        return $ready;
    }

    private static function answer(int $context): void
    {
        $native = Library::native();
        $request = $native->receiveFrames(self::$sockets[$context], self::DONTWAIT);
        if (is_int($request)) {
            return;
        }
        [$version, $id, , $address, , $mechanism] = $request + array_fill(0, 6, '');
        $user = $version === '1.0' ? self::user($context, $address, $mechanism, array_slice($request, 6)) : null;
        [$code, $text] = $user === null ? ['400', 'No access'] : ['200', 'OK'];
        $native->sendFrames(self::$sockets[$context], [$version, $id, $code, $text, (string) $user, ''], 0);
    }

    /**
     * @param list<string> $credentials
     * @return string|null who it is, by the mechanism; null when there is no access
     */
    private static function user(int $context, string $address, string $mechanism, array $credentials): ?string
    {
        $allowed = self::$allowed[$context] ?? [];
        if ($allowed === [] ? isset(self::$denied[$context][$address]) : !isset($allowed[$address])) {
            return null;
        }
        return match ($mechanism) {
            'NULL' => '',
            'PLAIN' => self::plainUser(self::$passwords[$context] ?? null, $credentials),
            'CURVE' => self::curveUser(self::$certificates[$context] ?? null, $credentials[0] ?? ''),
            default => null,
        };
    }

    /** @param list<string> $credentials name and password */
    private static function plainUser(?string $file, array $credentials): ?string
    {
        [$name, $password] = $credentials + ['', ''];
        // Read each time: it may change while the program runs.
        foreach ($file === null ? [] : (@file($file, FILE_IGNORE_NEW_LINES) ?: []) as $line) {
            if (str_starts_with($line, '#') || !str_contains($line, '=')) {
                continue;
            }
            [$known, $secret] = array_map(trim(...), explode('=', $line, 2));
            if ($known === $name && hash_equals($secret, $password)) {
                return $name;
            }
        }
        return null;
    }

    private static function curveUser(?string $folder, string $key): ?string
    {
        $text = Library::native()->z85Encode($key);
        if ($folder === null || !is_string($text)) {
            return null;
        }
        if ($folder === \ZMQ::CURVE_ALLOW_ANY) {
            return $text;
        }
        foreach (is_dir($folder) ? scandir($folder) : [] as $name) {
            if ((CertificateFile::read("$folder/$name")['public'] ?? null) === $text) {
                return $text;
            }
        }
        return null;
    }
}
