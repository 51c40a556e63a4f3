<?php

use Zroute\DropIn\State;
use Zroute\DropIn\Zmq\Authentication;
use Zroute\DropIn\Zmq\Callback;
use Zroute\DropIn\Zmq\Failure;
use Zroute\DropIn\Zmq\Library;
use Zroute\DropIn\Zmq\PollSets;
use Zroute\DropIn\Zmq\Sockets;
use Zroute\Status;

/**
 * Forwards messages between two sockets, as ext-zmq has it.
 */
class ZMQDevice
{
    private ?ZMQSocket $front = null;
    private ?ZMQSocket $back = null;
    private ?ZMQSocket $capture = null;

    // Of each: its callback, its data, milliseconds, and when it is due.
    /** @var callable|null */
    private $idleCallback = null;
    private mixed $idleData = null;
    private int $idleTimeout = 0;
    private int $idleDue = 0;
    /** @var callable|null */
    private $timerCallback = null;
    private mixed $timerData = null;
    private int $timerTimeout = 0;
    private int $timerDue = 0;

    final public function __construct(ZMQSocket $frontend, ZMQSocket $backend, ?ZMQSocket $capture = null)
    {
        $this->front = $frontend;
        $this->back = $backend;
        $this->capture = $capture;
    }

    /**
     * Forwards until a callback returns what is false.
     *
     * @return void
     */
    public function run()
    {
        $sockets = [Sockets::of($this->front), Sockets::of($this->back)];
        $capture = $this->capture === null ? 0 : Sockets::of($this->capture);
        $status = $this->idleCallback === null && $this->timerCallback === null && !Authentication::isOn()
            ? Library::native()->proxy($sockets[0], $sockets[1], $capture, 0, -1)
            : $this->forwardWithCallbacks($sockets, $capture);
        if ($status !== Status::OK) {
            throw Failure::ofStatus(ZMQDeviceException::class, 'Failed to start the device', $status);
        }
    }

    /**
     * @param array{int, int} $sockets front and back
     * @return int a status
     */
    private function forwardWithCallbacks(array $sockets, int $capture): int
    {
        $items = [[$sockets[0], 0, ZMQ::POLL_IN], [$sockets[1], 0, ZMQ::POLL_IN]];
        $latest = ZMQ::clock();
        $this->timerDue = self::due($latest, $this->timerTimeout);
        $this->idleDue = self::due($latest, $this->idleTimeout);
        while (true) {
            $ready = PollSets::poll($items, $this->untilDue());
            if (is_int($ready)) {
                return $ready;
            }
            $now = ZMQ::clock();
            if ($ready !== []) {
                $latest = $now;
            }
            if ($this->timerCallback !== null && $this->timerTimeout > 0 && $this->timerDue <= $now) {
                $goesOn = ($this->timerCallback)($this->timerData);
                $this->timerDue = self::due($now, $this->timerTimeout);
                if (!$goesOn) {
                    return Status::OK;
                }
            }
            if ($ready === [] && $this->idleCallback !== null && $this->idleTimeout > 0) {
                if ($now - $latest >= $this->idleTimeout && $this->idleDue <= $now) {
                    $goesOn = ($this->idleCallback)($this->idleData);
                    $this->idleDue = self::due($now, $this->idleTimeout);
                    if (!$goesOn) {
                        return Status::OK;
                    }
                }
                continue;
            }
            foreach (array_keys($ready) as $i) {
                $status = self::forward($sockets[$i], $sockets[1 - $i], $capture);
                if ($status !== Status::OK) {
                    return $status;
                }
            }
        }
    }

    /** @return int milliseconds until the next callback, -1 when there is none */
    private function untilDue(): int
    {
        $due = [];
        if ($this->timerCallback !== null && $this->timerTimeout !== 0) {
            $due[] = $this->timerDue;
        }
        if ($this->idleCallback !== null && $this->idleTimeout !== 0) {
            $due[] = $this->idleDue;
        }
        return $due === [] ? -1 : max(1, min($due) - ZMQ::clock());
    }

    private static function due(int $now, int $timeout): int
    {
        // min() because a sum that does not fit would be a float.
        return min(PHP_INT_MAX, $now + $timeout);
    }

    /** @return int a status */
    private static function forward(int $from, int $to, int $capture): int
    {
        $native = Library::native();
        do {
            $frame = $native->receiveFrame($from, 0, $more);
            if (is_int($frame)) {
                return $frame;
            }
            foreach ($capture === 0 ? [$to] : [$capture, $to] as $socket) {
                $status = $native->sendFrame($socket, $frame, $more ? ZMQ::MODE_SNDMORE : 0);
                if ($status !== Status::OK) {
                    return $status;
                }
            }
        } while ($more);
        return Status::OK;
    }

    /**
     * @param callable $idle_callback gets the data; a false value ends the device
     * @param int $timeout in milliseconds; with two arguments, the data
     * @return $this
     */
    public function setidlecallback($idle_callback, $timeout, $user_data = null)
    {
        if (func_num_args() === 2) {
            trigger_error(
                'ZMQDevice::setidlecallback(): The signature for setIdleCallback has changed, please update your code',
                E_USER_DEPRECATED
            );
            [$timeout, $user_data] = [0, $timeout];
        }
        $this->idleCallback = Callback::of($idle_callback, __METHOD__, 1, 'idle_callback');
        $this->idleTimeout = Callback::timeout($timeout, __METHOD__) ?: $this->idleTimeout;
        $this->idleDue = self::due(ZMQ::clock(), $this->idleTimeout);
        $this->idleData = $user_data;
        return $this;
    }

    /** @return $this */
    public function setidletimeout(?int $timeout)
    {
        $this->idleTimeout = (int) $timeout;
        return $this;
    }

    /** @return int */
    public function getidletimeout()
    {
        return $this->idleTimeout;
    }

    /**
     * @param callable $idle_callback gets the data; a false value ends the device
     * @param int $timeout in milliseconds
     * @return $this
     */
    public function settimercallback($idle_callback, ?int $timeout, $user_data = null)
    {
        $this->timerCallback = Callback::of($idle_callback, __METHOD__, 1, 'idle_callback');
        $this->timerTimeout = (int) $timeout;
        $this->timerDue = self::due(ZMQ::clock(), $this->timerTimeout);
        $this->timerData = $user_data;
        return $this;
    }

    /** @return $this */
    public function settimertimeout(?int $timeout)
    {
        $this->timerTimeout = (int) $timeout;
        return $this;
    }

    /** @return int */
    public function gettimertimeout()
    {
        return $this->timerTimeout;
    }

    private function __clone()
    {
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
