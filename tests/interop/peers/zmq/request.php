<?php

// Asks for each line that it reads, in one frame or in several with tabs between, and prints what comes back so.
// Arguments: endpoints.

$client = new ZMQSocket(new ZMQContext(), ZMQ::SOCKET_REQ);
foreach (array_slice($argv, 1) as $endpoint) {
    $client->connect($endpoint);
}
echo "ready\n";
while (($line = fgets(STDIN)) !== false) {
    $parts = explode("\t", rtrim($line, "\n"));
    if (count($parts) === 1) {
        $client->send($parts[0]);
        echo $client->recv(), "\n";
    } else {
        $client->sendMulti($parts);
        echo implode("\t", $client->recvMulti()), "\n";
    }
}
