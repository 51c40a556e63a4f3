<?php

// What the drop-in brings along, before anything of it is used.

$native = fn (): bool => str_contains(file_get_contents('/proc/self/maps'), 'zroute');
// That of the function is the first object, as without the drop-in.
var_dump(spl_object_id($native), spl_object_id(new stdClass()));
var_dump(class_exists('ZMQSocket', false), count(get_included_files()));
var_dump(ZMQ::SOCKET_REQ, class_exists('zmqcontext'), is_subclass_of('ZMQPollException', 'ZMQException'));
var_dump(ZMQ::clock() > 0, new ZMQPoll(), $native());
var_dump(is_string(ZMQ::LIBZMQ_VERSION), $native(), spl_object_id(new stdClass()));
