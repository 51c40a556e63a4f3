<?php

// Sockets: arguments, persistent ones, and the callback for a new one.

require __DIR__ . '/tell.php';

$context = new ZMQContext();
$own = new ZMQContext(1, false);

tell('new', fn () => new ZMQSocket($context, ZMQ::SOCKET_REQ));
tell('got', fn () => $context->getSocket(ZMQ::SOCKET_REQ));
tell('a word for a number', fn () => $context->getSocket('3')->getSocketType());
tell('no such type', fn () => new ZMQSocket($context, 99));
tell('no such type, got', fn () => $context->getSocket(-1));
tell('type: a word', fn () => new ZMQSocket($context, 'REQ'));
tell('type: an array', fn () => $context->getSocket([]));
tell('no context', fn () => new ZMQSocket(new stdClass(), ZMQ::SOCKET_REQ));
tell('nothing', fn () => new ZMQSocket(null, ZMQ::SOCKET_REQ));
tell('id: an array', fn () => $context->getSocket(ZMQ::SOCKET_REQ, []));
tell('id: a number', fn () => $context->getSocket(ZMQ::SOCKET_REQ, 17)->getPersistentId());
tell('no such function', fn () => $context->getSocket(ZMQ::SOCKET_REQ, null, 'no_such_function'));
tell('no such function, new', fn () => new ZMQSocket($context, ZMQ::SOCKET_REQ, null, 'no_such_function'));
tell('no such method', fn () => $context->getSocket(ZMQ::SOCKET_REQ, null, [$context, 'none']));
tell('neither', fn () => $context->getSocket(ZMQ::SOCKET_REQ, null, 17));

$ways = ['new' => fn (...$a) => new ZMQSocket(...$a), 'got' => fn ($c, ...$a) => $c->getSocket(...$a)];
foreach ($ways as $way => $make) {
    $fails = fn () => throw new LogicException('no', 7);
    $report = function (...$arguments) use ($way) {
        echo "  called for $way\n";
        var_dump($arguments);
    };
    tell("$way, no id", fn () => $make($context, ZMQ::SOCKET_PAIR, null, $report));
    tell("$way, empty id", fn () => $make($context, ZMQ::SOCKET_PAIR, '', $report)->isPersistent());
    tell("$way, id", fn () => $make($context, ZMQ::SOCKET_PAIR, "id $way", $report)->isPersistent());
    tell("$way, id, known", fn () => $make($context, ZMQ::SOCKET_PAIR, "id $way", $report)->getPersistentId());
    tell("$way, another type", fn () => $make($context, ZMQ::SOCKET_PUB, "id $way", $report)->getSocketType());
    tell("$way, own context", fn () => $make($own, ZMQ::SOCKET_PAIR, "id $way", $report)->isPersistent());
    tell("$way, own context's id", fn () => $make($own, ZMQ::SOCKET_PAIR, "id $way")->getPersistentId());
    tell("$way, acquired", fn () => $make(ZMQContext::acquire(), ZMQ::SOCKET_PAIR, "id $way", $report)->isPersistent());
    tell("$way, two threads", fn () => $make(new ZMQContext(2), ZMQ::SOCKET_PAIR, "id $way", $report)->isPersistent());
    tell("$way, fails", fn () => $make($context, ZMQ::SOCKET_PAIR, "bad $way", $fails));
    tell("$way, failed once", fn () => $make($context, ZMQ::SOCKET_PAIR, "bad $way", $report)->isPersistent());
    tell("$way, fails without an id", fn () => $make($own, ZMQ::SOCKET_PAIR, null, $fails));
    tell("$way, wants more", fn () => $make($context, ZMQ::SOCKET_PAIR, null, function ($a, $b, $c) {
    }));
    tell("$way, wants another", fn () => $make($context, ZMQ::SOCKET_PAIR, null, function (int $a) {
    }));
}
tell('counted', fn () => [$context->getSocketCount(), $own->getSocketCount()]);

// The callback sets up what later requests for the same socket find.
$bind = fn (ZMQSocket $socket, string $id) => $socket->bind("inproc://$id");
$first = new ZMQSocket($context, ZMQ::SOCKET_PULL, 'kept', $bind);
tell('bound', fn () => $first->getEndpoints());
unset($first);
tell('still bound', fn () => $context->getSocket(ZMQ::SOCKET_PULL, 'kept', $bind)->getEndpoints());
$context->getSocket(ZMQ::SOCKET_PUSH)->connect('inproc://kept')->send('for whoever asks');
$again = new ZMQSocket(new ZMQContext(), ZMQ::SOCKET_PULL, 'kept', $bind);
$too = new ZMQSocket(new ZMQContext(), ZMQ::SOCKET_PULL, 'kept');
tell('its message', fn () => $again->recv());
tell('by its other name', fn () => $too->recv(ZMQ::MODE_DONTWAIT));
tell('not the same object', fn () => $again === $too);
tell('the same id', fn () => [$again->getPersistentId(), $too->getPersistentId()]);
$too->connect('inproc://elsewhere');
tell('what one does', fn () => $again->getEndpoints());

class Keeper
{
    public function __construct(private array $seen = [])
    {
    }

    private function privately(ZMQSocket $socket, ?string $id): void
    {
        $this->seen[] = $socket->getSocketType();
    }

    public static function openly(ZMQSocket $socket): void
    {
        echo "  openly\n";
    }

    public function make(ZMQContext $context): array
    {
        $sockets = [
            new ZMQSocket($context, ZMQ::SOCKET_REP, null, [$this, 'privately']),
            $context->getSocket(ZMQ::SOCKET_SUB, null, $this->privately(...)),
        ];
        return [count($sockets), $this->seen];
    }
}
tell('private method', fn () => (new Keeper())->make($context));
tell('private method, from outside', fn () => $context->getSocket(ZMQ::SOCKET_SUB, null, [new Keeper(), 'privately']));
tell('static method', fn () => $context->getSocket(ZMQ::SOCKET_SUB, null, 'Keeper::openly')->getSocketType());
$openly = ['Keeper', 'openly'];
tell('static method, as an array', fn () => $context->getSocket(ZMQ::SOCKET_SUB, null, $openly)->isPersistent());
