<?php

return [
    'defaults' => ['guard' => 'caller'],
    'guards' => ['caller' => ['driver' => 'caller']],
];
