<?php

// Beside the extension: its classes stay, and what it lacks is added.

var_dump((new ReflectionClass('ZMQSocket'))->isInternal(), (new ReflectionClass('ZMQSocketException'))->isInternal());
$socket = (new ZMQContext())->getSocket(ZMQ::SOCKET_REQ);
$cert = new ZMQCert();
$cert->apply($socket);
var_dump($socket->getSockOpt(ZMQ::SOCKOPT_CURVE_PUBLICKEY) === $cert->getPublicKey());
try {
    new ZMQCert('/none/such');
} catch (ZMQException $e) {
    echo get_class($e), "\n";
}
