<?php

/*
 * A server whose functions answer what they are told to: `scripted.php ENDPOINT JSON`, the JSON a
 * map from a function to the answers that it gives one after the other, and the last one for ever.
 */

declare(strict_types=1);

require __DIR__ . '/../../../php/autoload.php';

$functions = [];
foreach (json_decode($argv[2], true, flags: JSON_THROW_ON_ERROR) as $name => $answers) {
    $functions[$name] = function () use (&$answers) {
        return count($answers) > 1 ? array_shift($answers) : $answers[0];
    };
    unset($answers);
}
$server = new Zroute\Server($functions);
echo 'listening on ', $server->bind($argv[1]), "\n";
$server->run();
