<?php

declare(strict_types=1);

// Asks for the pages of web.php in turn and makes a table. Arguments: php-fpm's socket, the application's folder, how
// many requests of each, a folder for the table and all figures.

use Zroute\Tests\Process\FastCgiRequest;

require __DIR__ . '/../../tests/php/autoload.php';

const PAGES = ['none' => 'no call', 'bare' => 'Client::shared()->call()', 'provider' => 'Zroute::call()'];

[, $socket, $application, $requests, $folder] = $argv;

$page = static function (string $name) use ($socket, $application): array {
    $begun = hrtime(true);
    $response = FastCgiRequest::send($socket, [
        'GATEWAY_INTERFACE' => 'CGI/1.1', 'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => "/$name",
        'SCRIPT_NAME' => '/index.php', 'SCRIPT_FILENAME' => "$application/public/index.php",
    ]);
    $request = hrtime(true) - $begun;
    [$call, $answer] = json_decode(explode("\r\n\r\n", $response, 2)[1], true) ?? [null, null];
    return $answer === 6 ? ['call' => $call, 'request' => $request] : throw new RuntimeException("/$name: $response");
};
$median = static function (array $values): float {
    sort($values);
    return $values[count($values) >> 1];
};

$ns = [];
for ($i = -20; $i < (int) $requests; $i++) {
    foreach (array_keys(PAGES) as $name) {
        $measured = $page($name);
        // The first ones fill opcache and make the connection.
        if ($i >= 0) {
            $ns[$name]['call'][] = $measured['call'];
            $ns[$name]['request'][] = $measured['request'];
        }
    }
}

$line = "%-28s %16s %16s %18s\n";
$table = sprintf($line, 'a page of Laravel, php-fpm', 'its call', 'above bare', 'the whole request');
foreach (PAGES as $name => $title) {
    // Neighbours are compared, since a machine is not as fast all the time.
    $above = $median(array_map(static fn ($own, $bare) => $own - $bare, $ns[$name]['call'], $ns['bare']['call']));
    $table .= sprintf(
        $line,
        $title,
        $name === 'none' ? '' : sprintf('%.3f ms', $median($ns[$name]['call']) / 1e6),
        $name === 'provider' ? sprintf('%.3f ms', $above / 1e6) : '',
        sprintf('%.3f ms', $median($ns[$name]['request']) / 1e6)
    );
}
$table .= "\nPHP " . PHP_VERSION . ", $requests requests of each page in turn; medians.\n";
echo $table;
file_put_contents("$folder/laravel.txt", $table);
file_put_contents("$folder/laravel.json", json_encode($ns));
