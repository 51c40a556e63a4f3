<?php

use Zroute\DropIn\Zmq\Callback;
use Zroute\DropIn\Zmq\Contexts;
use Zroute\DropIn\Zmq\Failure;
use Zroute\DropIn\Zmq\Library;
use Zroute\DropIn\Zmq\Sockets;
use Zroute\Status;

/**
 * A context, as ext-zmq has it. Persistent ones with the same number of
 * threads are one.
 */
class ZMQContext
{
    private static bool $isAcquiring = false;

    final public function __construct(?int $io_threads = 1, ?bool $persistent = true)
    {
        $handle = self::$isAcquiring ? Contexts::acquire() : Contexts::open((int) $io_threads, (bool) $persistent);
        if ($handle === null) {
            throw Failure::make(ZMQContextException::class, 'Error creating context: Invalid argument', 22);
        }
        Contexts::join($this, $handle, (bool) $persistent, self::$isAcquiring);
    }

    /** @return ZMQContext of the one context that the whole process shares */
    public static function acquire()
    {
        self::$isAcquiring = true;
        try {
            return new self();
        } finally {
            self::$isAcquiring = false;
        }
    }

    /** @return int */
    public function getsocketcount()
    {
        return Contexts::socketCount(Contexts::of($this));
    }

    /**
     * @param string|null $dsn the persistent id
     * @param callable|null $on_new_socket called with a socket that is new, and its persistent id
     * @return ZMQSocket
     */
    public function getsocket(?int $type, ?string $dsn = null, $on_new_socket = null)
    {
        if ($on_new_socket !== null) {
            $on_new_socket = Callback::of($on_new_socket, __METHOD__, 3, 'on_new_socket', ' or null');
        }
        // Before there is an object, which a failure would have numbered others differently.
        Sockets::prepare($this, (int) $type, $dsn);
        return new ZMQSocket($this, $type, $dsn, $on_new_socket);
    }

    /** @return bool */
    public function ispersistent()
    {
        return Contexts::isPersistent($this);
    }

    private function __clone()
    {
    }

    /** @return void */
    public function setOpt(?int $option, ?int $value)
    {
        if ($option !== ZMQ::CTXOPT_MAX_SOCKETS) {
            throw Failure::make(ZMQContextException::class, 'Unknown option key');
        }
        // An int in C.
        $status = Library::native()->setContext(Contexts::of($this), 'ZMQ_MAX_SOCKETS', (int) $value << 32 >> 32);
        if ($status !== Status::OK) {
            $what = 'Failed to set the option ZMQ::CTXOPT_MAX_SOCKETS value';
            throw Failure::ofStatus(ZMQContextException::class, $what, $status);
        }
    }

    /** @return int */
    public function getOpt(?int $option)
    {
        if ($option !== ZMQ::CTXOPT_MAX_SOCKETS) {
            throw Failure::make(ZMQContextException::class, 'Unknown option key');
        }
        $status = Library::native()->getContext(Contexts::of($this), 'ZMQ_MAX_SOCKETS', $value);
        return $status === Status::OK ? $value : -1;
    }

    public function __destruct()
    {
        Contexts::leave($this);
    }
}
