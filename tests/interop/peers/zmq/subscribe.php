<?php

// Prints how many messages have come in order, and the last one's number. Arguments: endpoint, topic, the step
// between its messages.

[, $endpoint, $topic, $step] = $argv;
$subscriber = new ZMQSocket(new ZMQContext(), ZMQ::SOCKET_SUB);
$subscriber->connect($endpoint);
$subscriber->setSockOpt(ZMQ::SOCKOPT_SUBSCRIBE, $topic);
$count = 0;
$last = -(int) $step;
while (([, $number] = $subscriber->recvMulti()) && is_numeric($number) && (int) $number === $last + $step) {
    $count++;
    $last = (int) $number;
}
echo "$count $last\n";
