<?php
// Demo 6 as the seed has it, with two changes. It binds any free port in place of 5555, and
// prints it once. It sets no limit on waiting answers: above the default, 1000, libzmq drops
// them without a word, which 512 calls in flight can reach.
$route = [
    'plus' => function(array $data) {
        return array_sum($data);
    },
];

$server = new ZMQSocket(new ZMQContext(), ZMQ::SOCKET_REP);
$server->setSockOpt(ZMQ::SOCKOPT_SNDHWM, 0);
$server->bind("tcp://127.0.0.1:*");
echo $server->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT), "\n";

while ($message = $server->recv(100)) {
    $data = msgpack_unpack($message);
    $func_name = $data['function_name'];
    $param = $data['parameters'];

    $answer = $route[$func_name]($param);

    $server->send(msgpack_pack($answer));
}
