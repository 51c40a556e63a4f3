<?php

declare(strict_types=1);

namespace Zroute\Socket;

use Zroute\Descriptor;
use Zroute\Exception\ForkedHandle;
use Zroute\Exception\InvalidOption;
use Zroute\Exception\SocketClosed;
use Zroute\Native;
use Zroute\Socket;
use Zroute\Status;

use function count;
use function is_int;

/**
 * Waits for many sockets and PHP streams at once.
 *
 *     $poll = new Poll(['jobs' => $pull, 'keys' => STDIN]);
 *     while ($ready = $poll->wait()) {
 *         foreach ($ready as $name => $source) {
 *             echo "$name: ", $name === 'jobs' ? $source->receive() : fgets($source), "\n";
 *         }
 *     }
 */
final class Poll
{
    private const READABLE = 1;
    private const WRITABLE = 2;

    /** How long to wait before looking for signals again: one may come just before a wait. */
    private const SLICE_MS = 250;

    private readonly Native $native;
    /** @var array<int|string, array{Socket|resource, int, int}> source, descriptor and event by name */
    private array $sources = [];
    /** What the sources are natively; null when they have changed. */
    private ?object $set = null;
    private bool $stopping = false;

    /**
     * @param array<int|string, Socket|resource> $readable what to wait for a message or data from, by name
     * @param array<int|string, Socket|resource> $writable what to wait for room in, by name
     * @throws InvalidOption
     */
    public function __construct(array $readable = [], array $writable = [])
    {
        $this->native = Native::get();
        foreach ($readable as $name => $source) {
            $this->readable($name, $source);
        }
        foreach ($writable as $name => $source) {
            $this->writable($name, $source);
        }
    }

    /**
     * Waits for a message, or for data of a stream, too; also for its end.
     *
     * @param int|string $name another name than all others; one source may have several
     * @param Socket|resource $source
     * @throws InvalidOption
     */
    public function readable(int|string $name, $source): static
    {
        return $this->add($name, $source, self::READABLE);
    }

    /**
     * Waits for room to send, too.
     *
     * @param int|string $name another name than all others; one source may have several
     * @param Socket|resource $source
     * @throws InvalidOption
     */
    public function writable(int|string $name, $source): static
    {
        return $this->add($name, $source, self::WRITABLE);
    }

    /** Waits for a source no more; do so before a stream is closed. */
    public function remove(int|string $name): static
    {
        unset($this->sources[$name]);
        $this->set = null;
        return $this;
    }

    /**
     * Waits until one of them is ready.
     *
     * @param int $timeoutMs how long, -1 for ever, 0 for not at all
     * @return array<int|string, Socket|resource> those that are ready, by name, in the order they were added in;
     *         none when the time is over, or after stop()
     * @throws SocketClosed when one of them was closed
     * @throws InvalidOption when it would wait for nothing for ever, for a stream that was closed, or for less than -1
     * @throws ForkedHandle
     */
    public function wait(int $timeoutMs = -1): array
    {
        Socket::checkTimeout($timeoutMs);
        if ($timeoutMs < 0 && $this->sources === []) {
            throw new InvalidOption('nothing was added to this poll, so it would wait for ever');
        }
        // min() because a sum that does not fit would be a float.
        $deadline = $timeoutMs < 0 ? PHP_INT_MAX : min(PHP_INT_MAX, hrtime(true) + $timeoutMs * 1_000_000);
        while (!$this->stopping) {
            if (function_exists('pcntl_signal_dispatch')) {
                pcntl_signal_dispatch();
            }
            $ready = $this->buffered();
            $left = $deadline - hrtime(true);
            $ready += $this->ready($ready === [] ? (int) max(0, min(self::SLICE_MS, ceil($left / 1e6))) : 0);
            if ($ready !== [] || $left <= 0) {
                // In their order.
                return array_map(
                    static fn (array $source) => $source[0],
                    array_intersect_key($this->sources, $ready)
                );
            }
        }
        $this->stopping = false;
        return [];
    }

    /** Ends the wait, or the next one, whatever is ready; for signal handlers. */
    public function stop(): void
    {
        $this->stopping = true;
    }

    /** @param Socket|resource $source */
    private function add(int|string $name, $source, int $event): static
    {
        if (isset($this->sources[$name])) {
            throw new InvalidOption("this poll has a source named '$name' already; remove() it first");
        }
        $descriptor = -1;
        if (!$source instanceof Socket) {
            $descriptor = is_resource($source) && get_resource_type($source) === 'stream'
                ? Descriptor::of($source)
                : throw new InvalidOption(
                    "'$name' is expected to be a socket or an open stream, got " . get_debug_type($source)
                );
            if ($descriptor === null) {
                throw new InvalidOption(
                    "'$name' is a stream without a file descriptor, as php://memory is; or open_basedir keeps PHP from "
                    . 'looking for it in /proc/self/fd'
                );
            }
        }
        $this->sources[$name] = [$source, $descriptor, $event];
        $this->set = null;
        return $this;
    }

    /** @return array<int|string, true> the names of streams that PHP itself has data of */
    private function buffered(): array
    {
        $streams = [];
        foreach ($this->sources as $name => [$source, , $event]) {
            if ($source instanceof Socket) {
                continue;
            }
            if (!is_resource($source)) {
                // Its descriptor may be another's by now.
                throw new InvalidOption("the stream '$name' was closed; remove() it before that");
            }
            if ($event === self::READABLE) {
                $streams[$name] = $source;
            }
        }
        if ($streams === []) {
            return [];
        }
        $none = [];
        // It knows PHP's buffers and those of TLS. Too high a descriptor is only a warning: poll() knows it. With @ a
        // program's own error handler would be told.
        set_error_handler([Descriptor::class, 'ignore']);
        try {
            $ready = $streams;
            if (stream_select($ready, $none, $none, 0) === false) {
                // PHP's own buffers are known all the same.
                $ready = array_filter($streams, static fn ($s): bool => stream_get_meta_data($s)['unread_bytes'] > 0);
            }
        } finally {
            restore_error_handler();
        }
        return array_fill_keys(array_keys($ready), true);
    }

    /** @return array<int|string, true> the names of those that are ready */
    private function ready(int $timeoutMs): array
    {
        $items = [];
        foreach ($this->sources as [$source, $descriptor, $event]) {
            // Each time, because it may have been closed.
            $items[] = [$source instanceof Socket ? $source->handle() : 0, $descriptor, $event];
        }
        if ($items === []) {
            usleep(1000 * $timeoutMs);
            return [];
        }
        $this->set ??= $this->native->pollSet($items);
        $ready = $this->native->pollSockets($this->set, $timeoutMs);
        if (is_int($ready)) {
            return $ready === Status::INTERRUPTED
                ? []
                : throw Native::exception($ready, $this->native->lastError());
        }
        $names = array_keys($this->sources);
        return array_fill_keys(array_map(static fn (int $i): int|string => $names[$i], array_keys($ready)), true);
    }

    /**
     * For var_dump() and print_r().
     *
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        $of = fn (int $wanted): array => array_map(
            static fn (array $source) => $source[0],
            array_filter($this->sources, static fn (array $source): bool => $source[2] === $wanted)
        );
        return ['readable' => $of(self::READABLE), 'writable' => $of(self::WRITABLE)];
    }

    private function __clone()
    {
    }
}
