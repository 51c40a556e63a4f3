<?php

// Answers whatever comes with its own words, and its name if it has one. Arguments: endpoint, name.

[, $endpoint, $name] = $argv + [2 => ''];
$server = new ZMQSocket(new ZMQContext(), ZMQ::SOCKET_REP);
$server->bind($endpoint);
echo $server->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT), "\n";
while ($message = $server->recvMulti()) {
    $server->sendMulti($name === '' ? $message : [$name, ...$message]);
}
