<?php

// Once as many as it is told have subscribed: messages 0 to COUNT, numbered by topic. Arguments: subscribers, count.

[, $subscribers, $count] = $argv;
$publisher = (new ZMQContext())->getSocket(ZMQ::SOCKET_XPUB);
$publisher->setSockOpt(ZMQ::SOCKOPT_XPUB_VERBOSE, 1);
$publisher->bind('tcp://127.0.0.1:*');
echo $publisher->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT), "\n";
for ($i = 0; $i < (int) $subscribers; $i++) {
    $publisher->recv();
}
for ($i = 0; $i < (int) $count; $i++) {
    $publisher->sendMulti([$i % 2 === 0 ? 'even' : 'odd', (string) $i]);
}
$publisher->sendMulti(['end', '']);
$publisher->sendMulti(['even', 'end']);
