<?php

use Zroute\DropIn\State;
use Zroute\DropIn\Zmq\Callback;
use Zroute\DropIn\Zmq\Contexts;
use Zroute\DropIn\Zmq\Ending;
use Zroute\DropIn\Zmq\Failure;
use Zroute\DropIn\Zmq\Frames;
use Zroute\DropIn\Zmq\Library;
use Zroute\DropIn\Zmq\Options;
use Zroute\DropIn\Zmq\Sockets;
use Zroute\Status;

/**
 * A socket, as ext-zmq has it.
 *
 * Scalar parameters have types so that PHP converts and refuses values as it
 * does for a class that is built in. They allow null, which is converted too.
 */
class ZMQSocket
{
    private int $handle = 0;
    /** Kept alive by its sockets, unless it is persistent. */
    private ?ZMQContext $context = null;
    private ?string $persistentId = null;

    /** @param callable|null $on_new_socket called with a socket that is new, and its persistent id */
    final public function __construct(
        ZMQContext $ZMQContext,
        ?int $type,
        ?string $persistent_id = null,
        $on_new_socket = null
    ) {
        if ($on_new_socket !== null) {
            $on_new_socket = Callback::of($on_new_socket, __METHOD__, 4, 'on_new_socket', ' or null');
        }
        Library::native();
        [$handle, $isNew] = Sockets::request($ZMQContext, (int) $type, $persistent_id);
        $this->handle = $handle;
        if (!Contexts::isPersistent($ZMQContext)) {
            $this->context = $ZMQContext;
        }
        Sockets::join($this, $handle);
        if ($isNew && $on_new_socket !== null) {
            $this->announce($on_new_socket, $persistent_id);
        }
        $this->persistentId = Sockets::keep($this, $ZMQContext, $persistent_id);
    }

    private function announce(string|array|object $onNewSocket, ?string $id): void
    {
        try {
            $onNewSocket($this, $id === '' ? null : $id);
        } catch (Throwable $e) {
            $this->close();
            throw $e;
        }
    }

    /** @return $this|false false when it cannot be sent now, or not in time */
    public function send(?string $message, ?int $mode = 0)
    {
        $message ??= '';
        $status = ($mode & 3 ? null : Frames::$of[$this->handle][$message] ?? null)
            ?? Library::$calls->sendFrame($this->handle, $message, $mode & 3);
        return $status === 0 ? $this : $this->notSent($status);
    }

    /** @return string|false false when there is no message now, or in time */
    public function recv(?int $mode = 0)
    {
        $frame = Frames::$of[$this->handle][$mode & 1] ?? Library::$calls->receiveFrame($this->handle, $mode & 1);
        return is_string($frame) ? $frame : $this->notReceived($frame);
    }

    /** @return $this|false false when it cannot be sent now, or not in time */
    public function sendmulti(array $message, ?int $mode = 0)
    {
        $frames = [];
        foreach ($message as $part) {
            $frames[] = (string) $part;
        }
        if ($frames === []) {
            return false;
        }
        $status = ($mode & 1 ? null : Frames::$of[$this->handle][$frames] ?? null)
            ?? Library::$calls->sendFrames($this->handle, $frames, $mode & 1);
        return $status === Status::OK ? $this : $this->notSent($status);
    }

    /** @return list<string>|false false when there is no message now, or in time */
    public function recvmulti(?int $mode = 0)
    {
        $parts = Frames::$of[$this->handle][$mode & 1 | Frames::WHOLE]
            ?? Library::$calls->receiveFrames($this->handle, $mode & 1);
        return is_int($parts) ? $this->notReceived($parts) : (array) $parts;
    }

    /** @return $this */
    public function bind(?string $dsn, ?bool $force = false)
    {
        $dsn ??= '';
        if ($force || !Sockets::has($this->handle, 'bind', $dsn)) {
            $status = Library::native()->bindSocket($this->handle, Library::cText($dsn));
            $this->expect($status, 'Failed to bind the ZMQ');
            Sockets::add($this->handle, 'bind', $dsn);
        }
        return $this;
    }

    /** @return $this */
    public function connect(?string $dsn, ?bool $force = false)
    {
        $dsn ??= '';
        if ($force || !Sockets::has($this->handle, 'connect', $dsn)) {
            $status = Library::native()->connectSocket($this->handle, Library::cText($dsn));
            $this->expect($status, 'Failed to connect the ZMQ');
            Sockets::add($this->handle, 'connect', $dsn);
        }
        return $this;
    }

    /**
     * @param string $dsn inproc://… where a PAIR socket gets the events
     * @return $this
     */
    public function monitor(?string $dsn, ?int $events = ZMQ::EVENT_ALL)
    {
        $status = Library::native()->monitor($this->handle, Library::cText((string) $dsn), (int) $events);
        $this->expect($status, 'Failed to add socket monitor');
        return $this;
    }

    /** @return array{event: int, value: int, address: string} */
    public function recvevent(?int $flags = 0)
    {
        $frames = Library::$calls->receiveFrames($this->handle, $flags & 1);
        $why = 'Invalid monitor message received';
        if (is_int($frames)) {
            $cause = $frames === Status::TIMEOUT ? null
                : Failure::ofStatus(ZMQSocketException::class, 'Failed to receive message', $frames);
            throw Failure::ofStatus(ZMQSocketException::class, $why, $frames, $cause);
        }
        if (strlen($frames[0]) !== 6 || !isset($frames[1])) {
            throw Failure::ofStatus(ZMQSocketException::class, $why, Status::BAD_ARGUMENT);
        }
        // Of this machine's byte order; a value is an int in C.
        ['event' => $event, 'value' => $value] = unpack('Sevent/lvalue', $frames[0]);
        return ['event' => $event, 'value' => $value, 'address' => $frames[1]];
    }

    /** @return $this */
    public function unbind(?string $dsn)
    {
        $status = Library::native()->unbindSocket($this->handle, Library::cText((string) $dsn));
        $this->expect($status, 'Failed to unbind the ZMQ socket');
        Sockets::remove($this->handle, 'bind', (string) $dsn);
        return $this;
    }

    /** @return $this */
    public function disconnect(?string $dsn)
    {
        $status = Library::native()->disconnectSocket($this->handle, Library::cText((string) $dsn));
        $this->expect($status, 'Failed to disconnect the ZMQ socket');
        Sockets::remove($this->handle, 'connect', (string) $dsn);
        return $this;
    }

    /** @return $this|null this for SOCKOPT_HWM alone, as ever */
    public function setsockopt(?int $key, $value)
    {
        return Options::set($this->handle, (int) $key, $value) ? $this : null;
    }

    /** @return array{connect: list<string>, bind: list<string>} */
    public function getendpoints()
    {
        return Sockets::endpoints($this->handle);
    }

    /** @return int */
    public function getsockettype()
    {
        return Sockets::type($this->handle);
    }

    /** @return bool */
    public function ispersistent()
    {
        return $this->persistentId !== null;
    }

    /** @return string|null */
    public function getpersistentid()
    {
        return $this->persistentId;
    }

    /** @return int|string|resource a stream for SOCKOPT_FD */
    public function getsockopt(?int $key)
    {
        return Options::get($this->handle, (int) $key);
    }

    private function __clone()
    {
    }

    /** @return $this|false as send() */
    public function sendmsg(?string $message, ?int $mode = 0)
    {
        $message ??= '';
        $status = ($mode & 3 ? null : Frames::$of[$this->handle][$message] ?? null)
            ?? Library::$calls->sendFrame($this->handle, $message, $mode & 3);
        return $status === 0 ? $this : $this->notSent($status);
    }

    /** @return string|false as recv() */
    public function recvmsg(?int $mode = 0)
    {
        $frame = Frames::$of[$this->handle][$mode & 1] ?? Library::$calls->receiveFrame($this->handle, $mode & 1);
        return is_string($frame) ? $frame : $this->notReceived($frame);
    }

    private function notSent(int $status): bool
    {
        return $status === Status::TIMEOUT ? false
            : throw Failure::ofStatus(ZMQSocketException::class, 'Failed to send message', $status);
    }

    private function notReceived(int $status): bool
    {
        return $status === Status::TIMEOUT ? false
            : throw Failure::ofStatus(ZMQSocketException::class, 'Failed to receive message', $status);
    }

    private function expect(int $status, string $otherwise): void
    {
        if ($status !== Status::OK) {
            throw Failure::ofStatus(ZMQSocketException::class, $otherwise, $status);
        }
    }

    private function close(): void
    {
        Sockets::leave($this);
        if ($this->handle !== 0 && $this->persistentId === null) {
            Sockets::close($this->handle);
        }
        $this->handle = 0;
    }

    public function __destruct()
    {
        if (!Ending::hasBegun()) {
            $this->close();
        }
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

    /** What unserialize() makes is no socket, whatever the bytes say: it would close another object's. */
    public function __wakeup(): void
    {
        $this->handle = 0;
        $this->context = $this->persistentId = null;
    }
}
