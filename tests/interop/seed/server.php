<?php
$route = [
    'plus' => function(array $data) {
        return array_sum($data);
    },
];

$server = new ZMQSocket(new ZMQContext(), ZMQ::SOCKET_REP);
$server->bind("tcp://127.0.0.1:5555");

while ($message = $server->recv(100)) {
    $data = msgpack_unpack($message);
    $func_name = $data['function_name'];
    $param = $data['parameters'];

    $answer = $route[$func_name]($param);

    $server->send(msgpack_pack($answer));
}
