<?php

// Before the tests: where the library is, and what their random values start from.

declare(strict_types=1);

require __DIR__ . '/autoload.php';

// Scripts under test inherit it.
$library = getenv('ZROUTE_LIBRARY') ?: __DIR__ . '/../../target/release/libzroute.so';
putenv('ZROUTE_LIBRARY=' . (realpath($library) ?: $library));

putenv('ZROUTE_SEED=' . (getenv('ZROUTE_SEED') ?: random_int(1, 1_000_000)));
echo 'Bridge: ', Zroute\Native::get()->bridge(), '. Random values: ZROUTE_SEED=', getenv('ZROUTE_SEED'),
    " makes the same again.\n";
