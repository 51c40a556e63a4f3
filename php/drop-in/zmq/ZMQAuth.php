<?php

use Zroute\DropIn\State;
use Zroute\DropIn\Zmq\Authentication;
use Zroute\DropIn\Zmq\Contexts;
use Zroute\DropIn\Zmq\Failure;

/**
 * Says who may connect to the sockets of a context, as ext-zmq has it where
 * it is built with CZMQ.
 *
 * CZMQ decides in a thread of its own. Here a peer that connects is decided
 * on while the program waits for a socket: in recv, recvmulti, send,
 * sendmulti, ZMQPoll::poll or ZMQDevice::run.
 */
class ZMQAuth
{
    public const AUTH_TYPE_PLAIN = 0;
    public const AUTH_TYPE_CURVE = 1;

    private int $context;
    private bool $isOpen = false;

    final public function __construct(ZMQContext $ZMQContext)
    {
        $this->context = Contexts::of($ZMQContext);
        if (!Authentication::open($this->context)) {
            throw Failure::make(ZMQAuthException::class, 'Failed to create the underlying zauth object.');
        }
        $this->isOpen = true;
    }

    /** @return $this with this address, and no other but those that are allowed too */
    public function allow(?string $address)
    {
        Authentication::allow($this->context, (string) $address);
        return $this;
    }

    /** @return $this without this address, unless some are allowed: then this changes nothing */
    public function deny(?string $address)
    {
        Authentication::deny($this->context, (string) $address);
        return $this;
    }

    /**
     * @param int $type ZMQAuth::AUTH_TYPE_PLAIN or ZMQAuth::AUTH_TYPE_CURVE
     * @param string $domain of the sockets meant; CZMQ takes it for all, and so does this
     * @param string $filename PLAIN: a file with lines of NAME=PASSWORD; CURVE: a folder with the clients'
     *        certificates, or ZMQ::CURVE_ALLOW_ANY
     * @return $this
     */
    public function configure(?int $type, ?string $domain, ?string $filename)
    {
        match ((int) $type) {
            self::AUTH_TYPE_PLAIN => Authentication::configurePlain($this->context, (string) $filename),
            self::AUTH_TYPE_CURVE => Authentication::configureCurve($this->context, (string) $filename),
            default => throw Failure::make(
                ZMQAuthException::class,
                'Unknown auth type. Are you using one of the ZMQAuth constants?'
            ),
        };
        return $this;
    }

    private function __clone()
    {
    }

    public function __destruct()
    {
        if ($this->isOpen) {
            Authentication::close($this->context);
        }
    }

    public function __debugInfo(): array
    {
        return State::ofProgram($this, self::class);
    }
}
