<?php

// A destructor that PHP calls at the very end may still use what another would have closed by then.

class Farewell
{
    public ?Farewell $self = null;

    public function __construct(private ZMQSocket $socket, private string $message)
    {
        // A cycle, so that it lives to the end.
        $this->self = $this;
    }

    public function __destruct()
    {
        $this->socket->send($this->message);
        echo "sent $this->message\n";
    }
}

class Listener
{
    private static ?self $last = null;

    public function __construct(private ZMQSocket $socket)
    {
        self::$last = $this;
    }

    public function __destruct()
    {
        while (($message = $this->socket->recv(ZMQ::MODE_DONTWAIT)) !== false) {
            echo "came $message\n";
        }
        $again = (new ZMQContext())->getSocket(ZMQ::SOCKET_PAIR);
        echo $again->getSocketType(), " made\n";
    }
}

$context = new ZMQContext();
$pull = $context->getSocket(ZMQ::SOCKET_PULL)->bind('inproc://farewell');
$push = $context->getSocket(ZMQ::SOCKET_PUSH)->connect('inproc://farewell');
new Farewell($push, 'one');
new Farewell($context->getSocket(ZMQ::SOCKET_PUSH)->connect('inproc://farewell'), 'two');
new Listener($pull);
register_shutdown_function(function () use ($push) {
    $push->send('from a shutdown function');
});
unset($context, $pull, $push);
echo "end\n";
