<?php

$memory = ['driver' => 'sqlite', 'database' => ':memory:', 'prefix' => ''];

return [
    'default' => 'memory',
    'connections' => [
        'memory' => $memory,
        // Its replica is another database.
        'replicated' => [
            'read' => ['database' => ':memory:'],
            'write' => ['database' => ':memory:'],
            'sticky' => true,
        ] + $memory,
    ],
];
