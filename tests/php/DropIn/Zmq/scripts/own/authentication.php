<?php

// Who may connect, which the extension has where it is built with CZMQ.

require __DIR__ . '/../tell.php';

/** Whether a client, set up by a function, gets a message through to a server in another context. */
function reaches(callable $client, callable $server, ?callable $configure = null): string
{
    $serving = new ZMQContext(1, false);
    $auth = $configure === null ? null : new ZMQAuth($serving);
    if ($configure !== null) {
        $configure($auth);
    }
    $pull = $serving->getSocket(ZMQ::SOCKET_PULL);
    $server($pull);
    $pull->bind('tcp://127.0.0.1:*');
    $context = new ZMQContext(1, false);
    $push = $context->getSocket(ZMQ::SOCKET_PUSH);
    $client($push);
    $push->setSockOpt(ZMQ::SOCKOPT_LINGER, 0);
    $events = $context->getSocket(ZMQ::SOCKET_PAIR);
    $push->monitor('inproc://events');
    $events->connect('inproc://events');
    $push->connect($pull->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT))->send('hello');
    $poll = new ZMQPoll();
    $poll->add($pull, ZMQ::POLL_IN);
    $poll->add($events, ZMQ::POLL_IN);
    while (true) {
        $read = $write = [];
        $poll->poll($read, $write, 5000);
        if ($read === [] || in_array($pull, $read, true)) {
            return $read === [] ? 'nothing happens' : $pull->recv();
        }
        // ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL and _AUTH, which the extension has no name for.
        $event = $events->recvEvent()['event'];
        if (in_array($event, [0x0800, 0x4000, ZMQ::EVENT_DISCONNECTED], true)) {
            return 'refused';
        }
    }
}

$nothing = fn () => null;
tell('as it is', fn () => reaches($nothing, $nothing));
tell('known to nobody', fn () => reaches($nothing, fn ($s) => $s->setSockOpt(ZMQ::SOCKOPT_ZAP_DOMAIN, 'x'), $nothing));
$domain = fn (ZMQSocket $socket) => $socket->setSockOpt(ZMQ::SOCKOPT_ZAP_DOMAIN, 'global');
tell('allowed', fn () => reaches($nothing, $domain, fn (ZMQAuth $auth) => $auth->allow('127.0.0.1')));
tell('others allowed', fn () => reaches($nothing, $domain, fn (ZMQAuth $auth) => $auth->allow('10.0.0.1')));
tell('denied', fn () => reaches($nothing, $domain, fn (ZMQAuth $auth) => $auth->deny('127.0.0.1')));
tell('others denied', fn () => reaches($nothing, $domain, fn (ZMQAuth $auth) => $auth->deny('10.0.0.1')));

$folder = sys_get_temp_dir() . '/zroute-authentication-' . getmypid();
mkdir("$folder/clients", recursive: true);
file_put_contents("$folder/passwords", "# names\nada=secret\nbob = other\n");
$plain = fn (string $name, string $password) => function (ZMQSocket $socket) use ($name, $password) {
    $socket->setSockOpt(ZMQ::SOCKOPT_PLAIN_USERNAME, $name);
    $socket->setSockOpt(ZMQ::SOCKOPT_PLAIN_PASSWORD, $password);
};
$asPlain = fn (ZMQSocket $socket) => $socket->setSockOpt(ZMQ::SOCKOPT_PLAIN_SERVER, 1);
$passwords = fn (ZMQAuth $auth) => $auth->configure(ZMQAuth::AUTH_TYPE_PLAIN, '*', "$folder/passwords");
tell('plain', fn () => reaches($plain('ada', 'secret'), $asPlain, $passwords));
tell('with spaces', fn () => reaches($plain('bob', 'other'), $asPlain, $passwords));
tell('wrong password', fn () => reaches($plain('ada', 'other'), $asPlain, $passwords));
tell('unknown', fn () => reaches($plain('eve', 'secret'), $asPlain, $passwords));
tell('no passwords', fn () => reaches($plain('ada', 'secret'), $asPlain, $nothing));
$both = fn (ZMQAuth $auth) => $passwords($auth)->deny('127.0.0.1');
tell('denied all the same', fn () => reaches($plain('ada', 'secret'), $asPlain, $both));

[$server, $known, $stranger] = [new ZMQCert(), new ZMQCert(), new ZMQCert()];
$known->savePublic("$folder/clients/known");
$asCurve = function (ZMQSocket $socket) use ($server) {
    $server->apply($socket);
    $socket->setSockOpt(ZMQ::SOCKOPT_CURVE_SERVER, 1);
};
$with = fn (ZMQCert $cert) => function (ZMQSocket $socket) use ($cert, $server) {
    $cert->apply($socket);
    $socket->setSockOpt(ZMQ::SOCKOPT_CURVE_SERVERKEY, $server->getPublicKey());
};
$clients = fn (ZMQAuth $auth) => $auth->configure(ZMQAuth::AUTH_TYPE_CURVE, '*', "$folder/clients");
$any = fn (ZMQAuth $auth) => $auth->configure(ZMQAuth::AUTH_TYPE_CURVE, '*', ZMQ::CURVE_ALLOW_ANY);
tell('curve', fn () => reaches($with($known), $asCurve, $clients));
tell('a stranger', fn () => reaches($with($stranger), $asCurve, $clients));
tell('any', fn () => reaches($with($stranger), $asCurve, $any));
tell('none configured', fn () => reaches($with($known), $asCurve, $nothing));
array_map(unlink(...), ["$folder/clients/known", "$folder/passwords"]);
array_map(rmdir(...), ["$folder/clients", $folder]);

// Waiting in other calls than poll.
$context = new ZMQContext();
$auth = new ZMQAuth($context);
var_dump(get_object_vars($auth), $auth->allow('127.0.0.1') === $auth, $auth->deny('127.0.0.1') === $auth);
tell('one a context', fn () => new ZMQAuth($context));
tell('no such type', fn () => $auth->configure(7, '*', 'x'));
tell('no context', fn () => new ZMQAuth(new stdClass()));
tell('not to be copied', function () use ($auth) {
    try {
        return clone $auth;
    } catch (Error $e) {
        return get_class($e);
    }
});
$rep = $context->getSocket(ZMQ::SOCKET_REP);
$domain($rep);
$endpoint = $rep->bind('tcp://127.0.0.1:*')->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT);
$req = (new ZMQContext(2))->getSocket(ZMQ::SOCKET_REQ)->connect($endpoint);
tell('send', fn () => $req->send('question') === $req);
tell('recv', fn () => $rep->recv());
$rep->sendMulti(['an', 'answer']);
tell('recvMulti', fn () => $req->recvMulti());
tell('nothing there', fn () => $rep->recv(ZMQ::MODE_DONTWAIT));
$rep->setSockOpt(ZMQ::SOCKOPT_RCVTIMEO, 10);
tell('in time', fn () => $rep->recvMulti());
tell('not its turn', fn () => $req->recv());
$push = $context->getSocket(ZMQ::SOCKET_PUSH);
$domain($push);
$endpoint = $push->bind('tcp://127.0.0.1:*')->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT);
$pull = (new ZMQContext(2))->getSocket(ZMQ::SOCKET_PULL)->connect($endpoint);
tell('send waits too', fn () => $push->send('x') === $push);
tell('came', fn () => $pull->recv());
unset($auth);
tell('another one', fn () => get_class(new ZMQAuth($context)));
