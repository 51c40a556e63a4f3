<?php

declare(strict_types=1);

// What the zmq and msgpack extensions define, for a PHP that has them not. Load it by `require`, or for all scripts by
// `auto_prepend_file`. What is defined already stays as it is.

require_once __DIR__ . '/drop-in/zmq.php';
require_once __DIR__ . '/drop-in/msgpack.php';
