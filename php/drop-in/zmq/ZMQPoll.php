<?php

use Zroute\Descriptor;
use Zroute\DropIn\State;
use Zroute\DropIn\Zmq\Failure;
use Zroute\DropIn\Zmq\PollSets;
use Zroute\DropIn\Zmq\Sockets;

/**
 * Sockets and streams to wait for, as ext-zmq has it.
 */
class ZMQPoll
{
    private const ERROR = 4;

    /** @var array<string, ZMQSocket|resource> */
    private array $entries = [];
    /** @var array<string, array{int, int, int}> a socket's number or 0, a descriptor, events */
    private array $items = [];
    /** @var list<string> */
    private array $errors = [];

    /**
     * @param ZMQSocket|resource $entry
     * @param int $type ZMQ::POLL_IN, ZMQ::POLL_OUT or both
     * @return string its id here; one that is here already stays as it is
     */
    public function add($entry, ?int $type)
    {
        if (!$entry instanceof ZMQSocket && !self::isResource($entry)) {
            throw self::failure('The first argument must be an instance of ZMQSocket or a resource');
        }
        $id = self::id($entry);
        if (!isset($this->entries[$id])) {
            $this->items[$id] = $entry instanceof ZMQSocket
                ? [Sockets::of($entry), 0, $type & 0xffff]
                : [0, self::descriptor($entry), $type & 0xffff];
            $this->entries[$id] = $entry;
        }
        return $id;
    }

    /**
     * @param array|null $readable gets what can be read, unless it is null
     * @param array|null $writable gets what can be written to, unless it is null
     * @param int $timeout in milliseconds, -1 for without end
     * @return int how many are ready
     */
    public function poll(?array &$readable, ?array &$writable, ?int $timeout = -1)
    {
        if ($this->items === []) {
            throw self::failure('No sockets assigned to the ZMQPoll');
        }
        $this->errors = [];
        $canRead = $canWrite = [];
        $ready = PollSets::poll($this->items, (int) $timeout << 32 >> 32);
        if (is_array($ready)) {
            $ids = array_keys($this->entries);
            foreach ($ready as $i => $events) {
                if ($events & ZMQ::POLL_IN) {
                    $canRead[] = $this->entries[$ids[$i]];
                }
                if ($events & ZMQ::POLL_OUT) {
                    $canWrite[] = $this->entries[$ids[$i]];
                }
                if ($events & self::ERROR) {
                    $this->errors[] = $ids[$i];
                }
            }
        }
        if ($readable !== null) {
            $readable = $canRead;
        }
        if ($writable !== null) {
            $writable = $canWrite;
        }
        return is_array($ready) ? count($ready)
            : throw Failure::ofStatus(ZMQPollException::class, 'Poll failed', $ready);
    }

    /** @return list<string> the ids of those that the last poll has found in error */
    public function getlasterrors()
    {
        return $this->errors;
    }

    /**
     * @param ZMQSocket|resource|string $remove what was added, or its id
     * @return bool whether it was here
     */
    public function remove($remove)
    {
        if ($this->items === []) {
            throw self::failure('No sockets assigned to the ZMQPoll');
        }
        if (is_object($remove) && !$remove instanceof ZMQSocket) {
            throw self::failure('The object must be an instanceof ZMQSocket');
        }
        $id = is_object($remove) || self::isResource($remove) ? self::id($remove) : (string) $remove;
        $isHere = isset($this->entries[$id]);
        unset($this->entries[$id], $this->items[$id]);
        return $isHere;
    }

    /** @return int */
    public function count()
    {
        return count($this->entries);
    }

    /** @return $this */
    public function clear()
    {
        $this->entries = $this->items = $this->errors = [];
        return $this;
    }

    /** @return array<string, ZMQSocket|resource> by their ids */
    public function items()
    {
        return $this->entries;
    }

    private function __clone()
    {
    }

    private static function isResource(mixed $value): bool
    {
        // A closed one is none to is_resource().
        return str_starts_with(gettype($value), 'resource');
    }

    private static function id(mixed $entry): string
    {
        return is_object($entry) ? 'o:' . spl_object_hash($entry) : 'r:' . (int) $entry;
    }

    private static function descriptor(mixed $stream): int
    {
        if (!is_resource($stream) || !in_array(get_resource_type($stream), ['stream', 'persistent stream'], true)) {
            $why = 'supplied resource is not a valid stream resource';
            throw self::failure(
                'The supplied resource is not a valid stream resource',
                Failure::make(TypeError::class, "ZMQPoll::add(): $why", 0)
            );
        }
        return Descriptor::of($stream) ?? throw self::failure('The supplied resource is not castable');
    }

    private static function failure(string $message, ?Throwable $previous = null): ZMQPollException
    {
        return Failure::make(ZMQPollException::class, $message, Failure::INTERNAL, $previous);
    }

    public function __debugInfo(): array
    {
        return State::ofProgram($this, self::class);
    }

    /** @return list<string> what the extension serializes: nothing of its own */
    public function __sleep(): array
    {
        return State::namesOfProgram($this, self::class);
    }
}
