<?php

declare(strict_types=1);

namespace Zroute;

use FFI;
use FFI\CData;
use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\ForkedHandle;
use Zroute\Exception\InvalidMessage;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\InvalidState;
use Zroute\Exception\InvalidValue;
use Zroute\Exception\NativeError;
use Zroute\Exception\OutcomeUnknown;
use Zroute\Exception\SocketClosed;
use Zroute\Exception\Timeout;

use function count;
use function is_int;
use function pcntl_async_signals;
use function strlen;

/**
 * The native library: the one file that knows FFI.
 *
 * One instance a process, because a handle is only good with the FFI object
 * that made it.
 *
 * @internal
 */
final class Native
{
    /** The library's version that this code was written for, without the patch. */
    private const VERSION = 1;

    private const RESERVE = 16384;
    /** How long callers may take to go elsewhere when the process ends. */
    private const LAST_MS = 1000;
    /** libzmq's flag of a frame that others follow. */
    private const MORE = 2;

    private static ?self $instance = null;
    /** Not a property of the instance: the two would hold each other. */
    private static ?Bridge $values = null;

    /** Outputs, made once: a pointer, a size, and their addresses. */
    private readonly CData $data;
    private readonly CData $size;
    private readonly CData $dataAddress;
    private readonly CData $sizeAddress;
    private readonly bool $hasSignals;
    private readonly CData $text;
    private readonly CData $textAddress;
    private readonly CData $room;
    private readonly CData $roomAddress;
    private readonly CData $left;
    private readonly CData $leftAddress;
    /**
     * Some pages, given back to PHP before a handle is freed: at the end of a script that has met its memory limit
     * there may be no room left for that call, and callers wait to be told.
     */
    private ?string $reserve = null;
    /** More outputs, for plain sockets: a frame that others follow, a number, what one socket is waited for. */
    private readonly CData $more;
    private readonly CData $moreAddress;
    private readonly CData $integer;
    private readonly CData $integerAddress;
    private ?CData $waited = null;

    private function __construct(private readonly FFI $ffi)
    {
        $this->data = $ffi->new('const void *');
        $this->size = $ffi->new('size_t');
        $this->dataAddress = FFI::addr($this->data);
        $this->sizeAddress = FFI::addr($this->size);
        $this->more = $ffi->new('int');
        $this->moreAddress = FFI::addr($this->more);
        $this->integer = $ffi->new('int64_t');
        $this->integerAddress = FFI::addr($this->integer);
        $this->text = $ffi->new('zroute_php_text');
        $this->textAddress = FFI::addr($this->text);
        $this->room = $ffi->new('uint32_t');
        $this->roomAddress = FFI::addr($this->room);
        $this->left = $ffi->new('uint64_t');
        $this->leftAddress = FFI::addr($this->left);
        $this->hasSignals = function_exists('pcntl_async_signals');
    }

    /** @throws NativeError when the library cannot be used; the message says what to do */
    public static function get(): self
    {
        return self::$instance ??= new self(self::load());
    }

    private static function load(): FFI
    {
        if (!extension_loaded('ffi')) {
            throw new NativeError(
                "Zroute needs PHP's FFI extension: install it (Debian has it in php-common) and add extension=ffi"
            );
        }
        $ffi = self::scope() ?? self::define();
        $version = $ffi->zroute_version_number();
        if (intdiv($version, 100) !== self::VERSION) {
            throw new NativeError(sprintf(
                'libzroute %s does not go with these PHP files, which are for %d.%d; install both from one release',
                $ffi->zroute_version(),
                intdiv(self::VERSION, 100),
                self::VERSION % 100
            ));
        }
        return $ffi;
    }

    /** The library as ffi.preload has loaded it. */
    private static function scope(): ?FFI
    {
        try {
            return FFI::scope('ZROUTE');
        } catch (FFI\Exception) {
            return null;
        }
    }

    private static function define(): FFI
    {
        $header = self::header();
        $failures = [];
        foreach (self::libraries($header) as $library) {
            try {
                return FFI::cdef($header, $library);
            } catch (FFI\Exception $e) {
                if (str_contains($e->getMessage(), 'restricted')) {
                    throw new NativeError(
                        'FFI is off for scripts here (ffi.enable=' . ini_get('ffi.enable') . '). Preload it: '
                        . 'set ffi.preload to zroute-php.h and opcache.preload to Zroute\'s preload.php '
                        . '(docs/php.md), or set ffi.enable=true.',
                        0,
                        $e
                    );
                }
                $failures[] = "  $library: {$e->getMessage()}";
            }
        }
        throw new NativeError(
            "libzroute.so was not found, or cannot be loaded. Tried:\n" . implode("\n", $failures)
            . "\nBuild it with 'make build', install it with 'make install', or set ZROUTE_LIBRARY to its path."
        );
    }

    private static function header(): string
    {
        // In the source tree, then as installed.
        foreach (['/../../include/zroute-php.h', '/../../zroute-php.h'] as $path) {
            if (is_file(__DIR__ . $path)) {
                return (string) file_get_contents(__DIR__ . $path);
            }
        }
        throw new NativeError('zroute-php.h is missing beside ' . dirname(__DIR__));
    }

    /** @return list<string> where the library may be, best first */
    private static function libraries(string $header): array
    {
        $named = getenv('ZROUTE_LIBRARY');
        if ($named !== false && $named !== '') {
            return [$named];
        }
        $libraries = [];
        $built = __DIR__ . '/../../target/release/libzroute.so';
        if (is_file($built)) {
            $libraries[] = $built;
        }
        if (preg_match('/^#define FFI_LIB "(.+)"$/m', $header, $match) === 1) {
            $libraries[] = $match[1];
        }
        return $libraries;
    }

    /**
     * How values cross, chosen on first use. The environment variable
     * ZROUTE_BRIDGE, slot or serialize, takes the choice.
     *
     * @throws NativeError when ZROUTE_BRIDGE asks for what is not to be had
     */
    public function values(): Bridge
    {
        return self::$values ??= $this->chooseBridge();
    }

    /** The name of the way that values cross: slot or serialize. */
    public function bridge(): string
    {
        return $this->values()->name();
    }

    private function chooseBridge(): Bridge
    {
        $forced = (string) getenv('ZROUTE_BRIDGE');
        if (!in_array($forced, ['', 'slot', 'serialize'], true)) {
            throw new NativeError("ZROUTE_BRIDGE is expected to be slot, serialize or empty, got '$forced'");
        }
        if ($forced === 'serialize') {
            return new SerializeBridge($this);
        }
        try {
            return SlotBridge::open($this);
        } catch (NativeError $e) {
            if ($forced === 'slot') {
                throw new NativeError('ZROUTE_BRIDGE=slot cannot be used here: ' . $e->getMessage(), 0, $e);
            }
            return new SerializeBridge($this);
        }
    }

    /**
     * Shows the library where the two slots are, and makes the two objects
     * converters. It looks for this method's variables by their names.
     */
    public function findSlots(mixed &$outbox, mixed &$inbox, object $packer, object $unpacker): void
    {
        $this->check($this->ffi->zroute_zend_attach(PHP_VERSION_ID, PHP_DEBUG));
        $this->check($this->ffi->zroute_zend_slots('outbox', 'inbox', 'packer', 'unpacker'));
    }

    /**
     * For var_dump() of what holds this: FFI's types are long.
     *
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        return ['version' => $this->version()];
    }

    /** The library's version, such as 0.1.0. */
    public function version(): string
    {
        return $this->ffi->zroute_version();
    }

    /** @param array<string, int|string|bool> $options */
    public function newServer(array $options): CData
    {
        $server = $this->ffi->new('zroute_server *');
        $this->withOptions(
            'server',
            $options,
            fn (CData $set): int => $this->ffi->zroute_server_new($set, FFI::addr($server))
        );
        return $server;
    }

    public function reloadKeys(CData $server): void
    {
        $this->check($this->ffi->zroute_server_reload_keys($server));
    }

    /** @param array<string, int|string|bool> $options */
    public function newClient(array $options): CData
    {
        $client = $this->ffi->new('zroute_client *');
        $this->withOptions(
            'client',
            $options,
            fn (CData $set): int => $this->ffi->zroute_client_new($set, FFI::addr($client))
        );
        return $client;
    }

    /**
     * The client of this name that this process has, whose calls are given up
     * then, or a new one.
     *
     * @param array<string, int|string|bool> $options
     * @return array{CData, bool} the client, and whether it is new
     */
    public function sharedClient(string $name, array $options): array
    {
        $client = $this->ffi->new('zroute_client *');
        $made = $this->ffi->new('int');
        $this->withOptions(
            'client',
            $options,
            fn (CData $set): int
                => $this->ffi->zroute_client_shared(self::text($name), $set, FFI::addr($made), FFI::addr($client))
        );
        return [$client, $made->cdata === 1];
    }

    /**
     * @param string $who 'server' or 'client'
     * @param array<string, int|string|bool> $options
     * @param \Closure(CData): int $make
     */
    private function withOptions(string $who, array $options, \Closure $make): void
    {
        $this->reserve ??= str_repeat("\0", self::RESERVE);
        $set = $this->ffi->new('zroute_options *');
        $this->check($this->ffi->zroute_options_new(FFI::addr($set)));
        try {
            foreach ($options + MemoryLimit::options($this->values()) as $name => $value) {
                $this->setOption($who, $set, (string) $name, $value);
            }
            // Last, because Zroute's classes understand no other format.
            $this->check($this->ffi->zroute_options_set_text($set, 'values', 'php'));
            $this->check($make($set));
        } finally {
            $this->ffi->zroute_options_free($set);
        }
    }

    private function setOption(string $who, CData $set, string $name, mixed $value): void
    {
        $name = self::text($name);
        $status = match (true) {
            $name === 'values' => throw new InvalidOption("option 'values' is not for PHP, which has its own"),
            is_string($value) => $this->ffi->zroute_options_set_text($set, $name, self::text($value)),
            is_int($value), is_bool($value) => $this->ffi->zroute_options_set_integer($set, $name, (int) $value),
            default => throw new InvalidOption(
                "option '$name' is expected to be int, string or bool, got " . get_debug_type($value)
            ),
        };
        if ($status === Status::BAD_OPTION) {
            throw new InvalidOption(self::ofOptions($who, $this->lastError()));
        }
        $this->check($status);
    }

    /** What the library says of an option's name, without those of the other kind; and PHP has its own. */
    private static function ofOptions(string $who, string $message): string
    {
        $other = $who === 'server' ? 'client' : 'server';
        return preg_replace(
            ["/; a $other has [a-z_, ]+/", '/, values\b/', '/; a server has /'],
            ['', '', '$0error_details, '],
            $message
        ) ?? $message;
    }

    public function bind(CData $server, string $endpoint): void
    {
        $this->check($this->ffi->zroute_server_bind($server, self::text($endpoint)));
    }

    /** The endpoint really bound, the $index-th. */
    public function endpoint(CData $server, int $index): string
    {
        $text = $this->ffi->new('const char *');
        $this->check($this->ffi->zroute_server_endpoint($server, $index, FFI::addr($text)));
        return FFI::string($text);
    }

    /** @return int the function's route */
    public function declare(CData $server, string $function): int
    {
        $route = $this->ffi->new('uint32_t');
        $this->check($this->ffi->zroute_server_declare($server, self::text($function), FFI::addr($route)));
        return $route->cdata;
    }

    public function declareRaw(CData $server): void
    {
        $this->check($this->ffi->zroute_server_declare_raw($server));
    }

    /** @return CData the words of the page that a worker shares with its supervisor */
    public function mapBoard(string $path): CData
    {
        $words = $this->ffi->new('int64_t *');
        $this->check($this->ffi->zroute_board_map(self::text($path), FFI::addr($words)));
        return $words;
    }

    /**
     * Says how a function describes itself in zroute.list.
     *
     * @param array<string, mixed> $description parameters, returns and doc: docs/wire.md has their shape
     */
    public function describe(object $server, string $name, array $description): void
    {
        $packed = $description === [] ? "\x80" : $this->values()->pack($description);
        $this->check($this->ffi->zroute_server_describe($server, self::text($name), $packed, strlen($packed)));
    }

    /** Lets the calls of a function, of all with null, come as [parameters, meta, peer, dialect]. */
    public function wantContext(object $server, ?string $name): void
    {
        $name = $name === null ? null : self::text($name);
        $this->check($this->ffi->zroute_server_want_context($server, $name));
    }

    /** Believes a supervisor: its numbers are the tokens, and it says who called. */
    public function serveSupervisor(object $server): void
    {
        $this->check($this->ffi->zroute_server_serve_supervisor($server));
    }

    /**
     * Hands in answers and takes the next calls.
     *
     * @param string $answers serialize() of answers by token, or ''
     * @return string|null serialize() of the batch, '' when nothing came in time, null after a signal
     */
    public function serverExchange(CData $server, string $answers, int $most, int $timeoutMs): ?string
    {
        $held = $this->holdSignals();
        $status = $this->ffi->zroute_server_exchange(
            $server,
            $answers,
            strlen($answers),
            $most,
            $timeoutMs,
            $this->dataAddress,
            $this->sizeAddress
        );
        $result = $status === Status::OK ? $this->result() : null;
        $this->releaseSignals($held);
        if ($status !== Status::OK && $status !== Status::INTERRUPTED) {
            $this->check($status);
        }
        return $result;
    }

    /**
     * As serverExchange(), with values in the slots.
     *
     * @return bool false after a signal
     */
    public function serverExchangeSlot(CData $server, int $most, int $timeoutMs): bool
    {
        $status = $this->ffi->zroute_zend_server_exchange($server, $most, $timeoutMs);
        if ($status !== Status::OK) {
            if ($status === Status::INTERRUPTED) {
                return false;
            }
            $this->check($status);
        }
        return true;
    }

    /** @return int a status; the answer is the outbox's value */
    public function answerSlot(CData $server, int $token): int
    {
        return $this->ffi->zroute_zend_server_answer($server, $token);
    }

    /** @return int a status; the answer is serialize() of a plain value */
    public function answer(CData $server, int $token, string $answer): int
    {
        return $this->ffi->zroute_server_answer($server, $token, $answer, strlen($answer));
    }

    /** @return int how many more items of the stream its caller takes now; negative for a status */
    public function streamSlot(CData $server, int $token): int
    {
        $status = $this->ffi->zroute_zend_server_stream($server, $token, $this->roomAddress);
        return $status === Status::OK ? $this->room->cdata : -$status;
    }

    /**
     * @param string $item serialize() of a plain value
     * @return int how many more items of the stream its caller takes now; negative for a status
     */
    public function stream(CData $server, int $token, string $item): int
    {
        $status = $this->ffi->zroute_server_stream($server, $token, $item, strlen($item), $this->roomAddress);
        return $status === Status::OK ? $this->room->cdata : -$status;
    }

    /** @return int a status */
    public function endStream(CData $server, int $token): int
    {
        return $this->ffi->zroute_server_end_stream($server, $token);
    }

    /** @return int a status */
    public function fail(CData $server, int $token, int $code, string $name, string $message): int
    {
        return $this->ffi->zroute_server_fail($server, $token, $code, self::clean($name), self::clean($message));
    }

    /**
     * Takes leave of the callers, for some time; in the whole no longer than the option drain_ms.
     *
     * @return bool whether it is over
     */
    public function drainServer(CData $server, int $timeoutMs): bool
    {
        $status = $this->ffi->zroute_server_drain($server, $timeoutMs);
        if ($status === Status::TIMEOUT || $status === Status::INTERRUPTED) {
            return false;
        }
        $this->check($status);
        return true;
    }

    /** @return array<string, int> */
    public function serverCounters(CData $server): array
    {
        $counters = $this->ffi->new('zroute_server_counters');
        $this->check($this->ffi->zroute_server_count($server, FFI::addr($counters)));
        return self::fields($counters);
    }

    /**
     * Frees a server whose process ends: what it has taken and not answered was not begun, as its callers are told,
     * and they go elsewhere. In a forked child it does nothing.
     */
    public function endServer(CData $server): void
    {
        $this->reserve = null;
        $this->ffi->zroute_server_refuse_open($server);
        $this->ffi->zroute_server_drain($server, self::LAST_MS);
        $this->ffi->zroute_server_free($server);
    }

    /** In a forked child it does nothing. */
    public function freeServer(CData $server): void
    {
        $this->reserve = null;
        $this->ffi->zroute_server_free($server);
    }

    public function connect(CData $client, string $endpoint): void
    {
        $this->check($this->ffi->zroute_client_connect($client, self::text($endpoint)));
    }

    /**
     * Begins calls and collects what has ended.
     *
     * @param string $calls serialize() of [number, function, parameters, timeout, flags, ...], or ''
     * @param bool $plain that the parameters were looked at: a 0 is a number
     * @param int $waitFor a number; -1 for any, -2 for none
     * @return string|null serialize() of [number, status, value, ...], '' when nothing ended in time,
     *                     null after a signal
     */
    public function clientExchange(
        CData $client,
        string $calls,
        bool $plain,
        int $waitFor,
        int $timeoutMs
    ): ?string {
        $held = $this->holdSignals();
        $status = $this->ffi->zroute_client_exchange(
            $client,
            $calls,
            strlen($calls),
            (int) $plain,
            $waitFor,
            $timeoutMs,
            $this->dataAddress,
            $this->sizeAddress
        );
        $result = $status === Status::OK ? $this->result() : null;
        $this->releaseSignals($held);
        if ($status !== Status::OK && $status !== Status::INTERRUPTED) {
            $this->check($status);
        }
        return $result;
    }

    /**
     * As clientExchange(), with values in the slots.
     *
     * @return bool false after a signal
     */
    public function clientExchangeSlot(CData $client, bool $plain, int $waitFor, int $timeoutMs): bool
    {
        $status = $this->ffi->zroute_zend_client_exchange($client, (int) $plain, $waitFor, $timeoutMs);
        if ($status !== Status::OK) {
            if ($status === Status::INTERRUPTED) {
                return false;
            }
            $this->check($status);
        }
        return true;
    }

    /** @param string $meta a MessagePack map, or '' for none */
    public function setClientMeta(CData $client, string $meta): void
    {
        $this->check($this->ffi->zroute_client_set_meta($client, $meta, strlen($meta)));
    }

    /** @return array<string, int> */
    public function clientCounters(CData $client): array
    {
        $counters = $this->ffi->new('zroute_client_counters');
        $this->check($this->ffi->zroute_client_count($client, FFI::addr($counters)));
        return self::fields($counters);
    }

    /**
     * @return list<array{endpoint: string, state: string, in_flight: int, failures: int, trouble: string}>
     */
    public function clientServers(CData $client): array
    {
        $servers = [];
        $health = $this->ffi->new('zroute_server_health');
        while (($status = $this->ffi->zroute_client_server($client, count($servers), FFI::addr($health))) === 0) {
            $servers[] = [
                'endpoint' => FFI::string($health->endpoint),
                'state' => ['away', 'up', 'leaving', 'left out', 'on probation'][$health->state],
                'in_flight' => $health->in_flight,
                'failures' => $health->failures,
                'trouble' => FFI::string($health->trouble),
            ];
        }
        if ($status !== Status::END) {
            $this->check($status);
        }
        return $servers;
    }

    /** Gives up what clientExchange() has begun under this number, if it has not ended. */
    public function cancel(CData $client, int $number): void
    {
        $this->ffi->zroute_client_exchange_cancel($client, $number);
    }

    /** Gives its calls up. In a forked child it does nothing. */
    public function cancelAll(CData $client): void
    {
        $this->reserve = null;
        $this->ffi->zroute_client_cancel_all($client);
    }

    /** In a forked child it does nothing. */
    public function freeClient(CData $client): void
    {
        $this->reserve = null;
        $this->ffi->zroute_client_free($client);
    }

    /**
     * @param string $serialized serialize() of a value
     * @param bool $plain that it was looked at: a 0 is a number
     * @return string|null MessagePack, or null when it has to be looked at
     */
    public function pack(string $serialized, bool $plain): ?string
    {
        $held = $this->holdSignals();
        $status = $this->ffi->zroute_php_pack(
            $serialized,
            strlen($serialized),
            (int) $plain,
            $this->dataAddress,
            $this->sizeAddress
        );
        $packed = $status === Status::OK ? $this->result() : null;
        $this->releaseSignals($held);
        if ($packed === null && ($status !== Status::NOT_PLAIN || $plain)) {
            throw new InvalidValue($this->lastError());
        }
        return $packed;
    }

    /** @return string serialize() of the value, with nothing but N b i d s a in it */
    public function unpack(string $packed): string
    {
        $held = $this->holdSignals();
        $status = $this->ffi->zroute_php_unpack($packed, strlen($packed), $this->dataAddress, $this->sizeAddress);
        $serialized = $status === Status::OK ? $this->result() : null;
        $this->releaseSignals($held);
        return $serialized ?? throw new InvalidMessage($this->lastError());
    }

    /** A copy of what the latest call has lent. */
    private function result(): string
    {
        $size = $this->size->cdata;
        return $size === 0 ? '' : FFI::string($this->data, $size);
    }

    /**
     * Keeps signal handlers away: one that ran between a call and the copy of its
     * result could call in its turn, and the result would be gone.
     *
     * @return bool whether releaseSignals() has to let them in again
     * @throws \Throwable what a handler throws whose signal came just before
     */
    private function holdSignals(): bool
    {
        if (!$this->hasSignals || !pcntl_async_signals()) {
            return false;
        }
        try {
            // PHP calls the handlers of signals that came before this at the next jump, held or not: at this one.
            while (pcntl_async_signals(false));
        } catch (\Throwable $e) {
            pcntl_async_signals(true);
            throw $e;
        }
        return true;
    }

    private function releaseSignals(bool $held): void
    {
        if ($held) {
            pcntl_async_signals(true);
            pcntl_signal_dispatch();
        }
    }

    /** @return array{string, string} a CURVE key pair: public, secret */
    public function curveKeyPair(): array
    {
        $public = $this->ffi->new('char[41]');
        $secret = $this->ffi->new('char[41]');
        $this->check($this->ffi->zroute_curve_keypair($public, $secret));
        return [FFI::string($public), FFI::string($secret)];
    }

    /** Throws what a failed status stands for. */
    private function check(int $status): void
    {
        if ($status === Status::OK) {
            return;
        }
        throw self::exception($status, $this->lastError());
    }

    public static function exception(int $status, string $message): \Throwable
    {
        return match ($status) {
            Status::TIMEOUT => new Timeout($message),
            Status::OUTCOME_UNKNOWN => new OutcomeUnknown($message),
            Status::NOT_CONNECTED, Status::UNREACHABLE => new ConnectionFailed($message),
            Status::INVALID_ANSWER => new InvalidMessage($message),
            Status::INVALID_VALUE, Status::TOO_LARGE, Status::NOT_PLAIN, Status::RESERVED_VALUE =>
                new InvalidValue($message),
            Status::BAD_OPTION, Status::BAD_ENDPOINT, Status::BAD_ARGUMENT => new InvalidOption($message),
            Status::FORKED => new ForkedHandle($message),
            Status::STOPPED => new SocketClosed($message),
            Status::BAD_STATE => new InvalidState($message),
            default => new NativeError($message, $status),
        };
    }

    /** The text of the latest failure. */
    public function lastError(): string
    {
        $length = $this->ffi->zroute_last_error(null, 0);
        $buffer = $this->ffi->new('char[' . ($length + 1) . ']');
        $this->ffi->zroute_last_error($buffer, $length + 1);
        return FFI::string($buffer);
    }

    /** FFI hands a string over up to its first NUL, so one with a NUL would name something else. */
    private static function text(string $text): string
    {
        if (str_contains($text, "\0")) {
            throw new InvalidOption('a NUL byte is not allowed in ' . json_encode($text));
        }
        return $text;
    }

    /** A text for a fault, which must not fail in its turn. */
    private static function clean(string $text): string
    {
        $text = str_replace("\0", "\u{FFFD}", $text);
        return preg_match('//u', $text) === 1 ? $text : (string) preg_replace('/[\x80-\xff]/', '?', $text);
    }

    /** @return array<string, int> */
    private static function fields(CData $struct): array
    {
        $fields = [];
        foreach (FFI::typeof($struct)->getStructFieldNames() as $name) {
            $fields[$name] = $struct->$name;
        }
        return $fields;
    }

    // Plain sockets. Handles are numbers, and what is called `int` without a word is a status: most callers have
    // an exception of their own for it, from exception() and lastError(), or from lastErrorNumber().

    public function newContext(): int
    {
        $context = $this->ffi->new('uintptr_t');
        $this->check($this->ffi->zroute_context_new(FFI::addr($context)));
        return $context->cdata;
    }

    public function setContext(int $context, string $option, int $value): int
    {
        return $this->ffi->zroute_context_set($context, self::text($option), $value);
    }

    public function getContext(int $context, string $option, ?int &$value): int
    {
        $held = $this->holdSignals();
        $status = $this->ffi->zroute_context_get($context, self::text($option), $this->integerAddress);
        $value = $this->integer->cdata;
        $this->releaseSignals($held);
        return $status;
    }

    public function shutDownContext(int $context): int
    {
        return $this->ffi->zroute_context_shutdown($context);
    }

    /** In a forked child it does nothing. */
    public function freeContext(int $context): int
    {
        return $this->ffi->zroute_context_free($context);
    }

    /** @param string $type by libzmq's name, such as ZMQ_PUB */
    public function newSocket(int $context, string $type, ?int &$socket): int
    {
        $handle = $this->ffi->new('uintptr_t');
        $status = $this->ffi->zroute_socket_new($context, self::text($type), FFI::addr($handle));
        $socket = $handle->cdata;
        return $status;
    }

    public function bindSocket(int $socket, string $endpoint): int
    {
        return $this->ffi->zroute_socket_bind($socket, self::text($endpoint));
    }

    public function connectSocket(int $socket, string $endpoint): int
    {
        return $this->ffi->zroute_socket_connect($socket, self::text($endpoint));
    }

    public function unbindSocket(int $socket, string $endpoint): int
    {
        return $this->ffi->zroute_socket_unbind($socket, self::text($endpoint));
    }

    public function disconnectSocket(int $socket, string $endpoint): int
    {
        return $this->ffi->zroute_socket_disconnect($socket, self::text($endpoint));
    }

    /** @param string $option by libzmq's name, such as ZMQ_RCVHWM */
    public function setSocketInteger(int $socket, string $option, int $value): int
    {
        return $this->ffi->zroute_socket_set_integer($socket, self::text($option), $value);
    }

    public function setSocketBytes(int $socket, string $option, string $value): int
    {
        return $this->ffi->zroute_socket_set_bytes($socket, self::text($option), $value, strlen($value));
    }

    public function getSocketInteger(int $socket, string $option, ?int &$value): int
    {
        $held = $this->holdSignals();
        $status = $this->ffi->zroute_socket_get_integer($socket, self::text($option), $this->integerAddress);
        $value = $this->integer->cdata;
        $this->releaseSignals($held);
        return $status;
    }

    /** @return string|int the value, or a status */
    public function getSocketBytes(int $socket, string $option): string|int
    {
        $held = $this->holdSignals();
        $status = $this->ffi->zroute_socket_get_bytes(
            $socket,
            self::text($option),
            $this->dataAddress,
            $this->sizeAddress
        );
        $value = $status === Status::OK ? $this->result() : $status;
        $this->releaseSignals($held);
        return $value;
    }

    public function subscribe(int $socket, string $prefix): int
    {
        return $this->ffi->zroute_socket_subscribe($socket, $prefix, strlen($prefix));
    }

    public function unsubscribe(int $socket, string $prefix): int
    {
        return $this->ffi->zroute_socket_unsubscribe($socket, $prefix, strlen($prefix));
    }

    /** @param int $flags of libzmq: 1 does not wait, 2 says that other frames follow */
    public function sendFrame(int $socket, string $frame, int $flags): int
    {
        return $this->ffi->zroute_socket_send($socket, $frame, strlen($frame), $flags);
    }

    /**
     * An object that sends and receives for a socket without a call: $frames[$string]
     * is sendFrame() and $frames[$list] sendFrames(), with DONT_WAIT if that is asked
     * for here, and $frames[$flags]
     * receiveFrame(). With WHOLE in the flags it is a message: a string if it has
     * one frame, else a list. Its property `socket` is the socket, and may change.
     *
     * @return object|null null where the native library does not know the engine
     */
    public function frames(int $socket, bool $dontWait): ?object
    {
        if ($this->bridge() !== 'slot') {
            return null;
        }
        // The library looks for this variable by its name.
        $frames = new \stdClass();
        $frames->socket = $socket;
        $this->check($this->ffi->zroute_zend_frames('frames', (int) $dontWait));
        return $frames;
    }

    /**
     * A whole message, or nothing of it.
     *
     * @param list<string> $frames at least one
     */
    public function sendFrames(int $socket, array $frames, int $flags): int
    {
        // A signal handler that sends here too would put its frames between these.
        $held = $this->holdSignals();
        $last = count($frames) - 1;
        foreach ($frames as $i => $frame) {
            do {
                $status = $this->sendFrame($socket, $frame, $i < $last ? $flags | self::MORE : $flags);
            } while ($i > 0 && $status === Status::INTERRUPTED);
            if ($status !== Status::OK) {
                break;
            }
        }
        $this->releaseSignals($held);
        return $status;
    }

    /**
     * @param bool|null $more whether other frames of this message follow
     * @return string|int the next frame, or a status
     */
    public function receiveFrame(int $socket, int $flags, ?bool &$more = null): string|int
    {
        $held = $this->hasSignals && pcntl_async_signals() && $this->holdSignals();
        $status = $this->ffi->zroute_socket_receive(
            $socket,
            $flags,
            $this->dataAddress,
            $this->sizeAddress,
            $this->moreAddress
        );
        if ($status === Status::OK) {
            $size = $this->size->cdata;
            $status = $size === 0 ? '' : FFI::string($this->data, $size);
            $more = $this->more->cdata !== 0;
        }
        if ($held) {
            $this->releaseSignals(true);
        }
        return $status;
    }

    /** @return list<string>|int a whole message, or what is left of it; or a status */
    public function receiveFrames(int $socket, int $flags): array|int
    {
        $held = $this->holdSignals();
        $frames = [];
        do {
            $frame = $this->receiveFrame($socket, $flags, $more);
            if (is_int($frame)) {
                // The frames of a message come together; only a signal can be between two.
                if ($frames !== [] && $frame === Status::INTERRUPTED) {
                    continue;
                }
                break;
            }
            $frames[] = $frame;
        } while ($more);
        $this->releaseSignals($held);
        return is_int($frame) ? $frame : $frames;
    }

    /**
     * Waits for one socket.
     *
     * @param int $events 1 for a message to receive, 2 for room to send
     * @return int a status: OK when it is ready
     */
    public function waitForSocket(int $socket, int $events, int $timeoutMs): int
    {
        $held = $this->holdSignals();
        $this->waited ??= $this->ffi->new('zroute_poll_item[1]');
        $item = $this->waited[0];
        $item->socket = $socket;
        $item->events = $events;
        $status = $this->ffi->zroute_socket_poll($this->waited, 1, $timeoutMs, $this->sizeAddress);
        if ($status === Status::OK && $this->size->cdata === 0) {
            $status = Status::TIMEOUT;
        }
        $this->releaseSignals($held);
        return $status;
    }

    /**
     * What pollSockets() waits for; it can be used again and again.
     *
     * @param non-empty-list<array{int, int, int}> $items a socket, or 0 and then a file descriptor; events: 1 to
     *        receive, 2 to send, 4 for an error, 8 for urgent data
     */
    public function pollSet(array $items): object
    {
        $set = $this->ffi->new('zroute_poll_item[' . count($items) . ']');
        foreach ($items as $i => [$socket, $descriptor, $events]) {
            $item = $set[$i];
            $item->socket = $socket;
            $item->descriptor = $descriptor;
            $item->events = $events;
        }
        return $set;
    }

    /** @return array<int, int>|int the events of those that are ready, by place; or a status */
    public function pollSockets(object $set, int $timeoutMs): array|int
    {
        $held = $this->holdSignals();
        $status = $this->ffi->zroute_socket_poll($set, count($set), $timeoutMs, $this->sizeAddress);
        $ready = [];
        if ($status === Status::OK && $this->size->cdata > 0) {
            // By index: foreach would hold two objects at a time and free them in the wrong order for their numbers.
            for ($i = 0, $count = count($set); $i < $count; $i++) {
                $events = $set[$i]->ready;
                if ($events !== 0) {
                    $ready[$i] = $events;
                }
            }
        }
        $this->releaseSignals($held);
        return $status === Status::OK ? $ready : $status;
    }

    /**
     * @param int $capture a socket, or 0
     * @param int $control a socket, or 0
     */
    public function proxy(int $front, int $back, int $capture, int $control, int $timeoutMs): int
    {
        return $this->ffi->zroute_socket_proxy($front, $back, $capture, $control, $timeoutMs);
    }

    /** @param string|null $endpoint inproc://… where a PAIR socket gets the events; null ends it */
    public function monitor(int $socket, ?string $endpoint, int $events): int
    {
        return $this->ffi->zroute_socket_monitor($socket, $endpoint === null ? null : self::text($endpoint), $events);
    }

    /** @return array{int, int, string}|int event, value and endpoint; or a status */
    public function receiveEvent(int $socket, int $flags): array|int
    {
        $held = $this->holdSignals();
        $event = $this->ffi->new('zroute_socket_event');
        $status = $this->ffi->zroute_socket_receive_event($socket, $flags, FFI::addr($event));
        $received = $status === Status::OK
            ? [$event->event, $event->value, FFI::string($event->endpoint)]
            : $status;
        $this->releaseSignals($held);
        return $received;
    }

    /** Returns at once: what its linger still holds goes on behind it. In a forked child it does nothing. */
    public function freeSocket(int $socket): int
    {
        return $this->ffi->zroute_socket_free($socket);
    }

    /** @return string|int the public key that goes with a secret one, or a status */
    public function curvePublicKey(string $secret): string|int
    {
        $public = $this->ffi->new('char[41]');
        $status = $this->ffi->zroute_curve_public_key(self::text($secret), $public);
        return $status === Status::OK ? FFI::string($public) : $status;
    }

    /** @return string|int Z85, or a status; the length is to be divisible by 4 */
    public function z85Encode(string $data): string|int
    {
        $room = intdiv(strlen($data) * 5, 4) + 1;
        $text = $this->ffi->new("char[$room]");
        $status = $this->ffi->zroute_z85_encode($data, strlen($data), $text, $room);
        return $status === Status::OK ? FFI::string($text) : $status;
    }

    /** @return string|int bytes, or a status */
    public function z85Decode(string $text): string|int
    {
        $room = strlen($text) + 1;
        $data = $this->ffi->new("char[$room]");
        $held = $this->holdSignals();
        $status = $this->ffi->zroute_z85_decode(self::text($text), $data, $room, $this->sizeAddress);
        $decoded = $status === Status::OK ? FFI::string($data, $this->size->cdata) : $status;
        $this->releaseSignals($held);
        return $decoded;
    }

    /** libzmq's errno behind the latest failure, 0 if there is none. */
    public function lastErrorNumber(): int
    {
        return $this->ffi->zroute_last_error_number();
    }

    public function errorNumberText(int $number): string
    {
        return $this->ffi->zroute_error_number_text($number);
    }

    /** @return array{int, int, int} major, minor, patch */
    public function libzmqVersion(): array
    {
        $version = $this->ffi->new('int[3]');
        $this->ffi->zroute_libzmq_version(
            FFI::addr($version[0]),
            FFI::addr($version[1]),
            FFI::addr($version[2])
        );
        return [$version[0], $version[1], $version[2]];
    }

    // The msgpack extension's packed form.

    /**
     * @param string $serialized serialize() of a value
     * @param string $known what it does not tell about classes; Zroute\DropIn\SerializeCodec knows how
     * @return string the packed form of the msgpack extension
     */
    public function packObjects(
        string $serialized,
        int $settings,
        string $known,
        int &$remarks,
        string &$names
    ): string {
        $held = $this->holdSignals();
        $status = $this->ffi->zroute_php_pack_objects(
            $serialized,
            strlen($serialized),
            $settings,
            $known,
            strlen($known),
            $this->textAddress
        );
        $packed = $status === Status::OK ? $this->lent($remarks, $names) : null;
        $this->releaseSignals($held);
        return $packed ?? throw new InvalidValue($this->lastError());
    }

    /**
     * @param string|null $allowed the classes that the bytes may name, null for any
     * @param string $enums which classes are enums
     * @param int $memory how much the value may take
     * @return string serialize() of the value
     */
    public function unpackObjects(
        string $packed,
        int $settings,
        ?string $allowed,
        string $enums,
        int $memory,
        int &$remarks,
        string &$names
    ): string {
        $held = $this->holdSignals();
        $status = $this->ffi->zroute_php_unpack_objects(
            $packed,
            strlen($packed),
            $settings,
            $allowed,
            $allowed === null ? 0 : strlen($allowed),
            $enums,
            strlen($enums),
            $memory,
            $this->textAddress
        );
        $serialized = $status === Status::OK ? $this->lent($remarks, $names) : null;
        $this->releaseSignals($held);
        return $serialized ?? throw new InvalidMessage($this->lastError());
    }

    /**
     * Passes over bytes of a value that comes in parts.
     *
     * @param int $offset where they begin; not beyond the end
     * @param int $left how many values are missing: 1 at the start, 0 when it is whole
     * @return int|null how many of the bytes belong to it, null when they are no value
     */
    public function skim(string $bytes, int $offset, int &$left): ?int
    {
        $this->left->cdata = $left;
        $status = $this->ffi->zroute_msgpack_skim(
            $bytes,
            strlen($bytes),
            $offset,
            $this->leftAddress,
            $this->sizeAddress
        );
        if ($status !== Status::OK) {
            return null;
        }
        $left = $this->left->cdata;
        return $this->size->cdata;
    }

    /** A copy of a lent text, and of the names behind it. */
    private function lent(int &$remarks, string &$names): string
    {
        $text = $this->text;
        $remarks = $text->remarks;
        $size = $text->size;
        $names = $remarks === 0 || $text->names_size === 0 ? '' : FFI::string($text->data + $size, $text->names_size);
        return $size === 0 ? '' : FFI::string($text->data, $size);
    }

    /**
     * Makes the two objects converters of ext-msgpack's form. It looks for this method's variables by their names.
     *
     * @param array{object, object, object, array<mixed>} $samples see php/drop-in/msgpack/Sample
     */
    public function makeObjectConverters(
        object $packer,
        object $unpacker,
        array $samples,
        bool $phpOnly,
        bool $str8
    ): void {
        $this->check(
            $this->ffi->zroute_zend_objects('packer', 'unpacker', 'samples', (int) $phpOnly, (int) $str8)
        );
    }

    private function __clone()
    {
    }
}
