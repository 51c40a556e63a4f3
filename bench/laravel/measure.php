<?php

declare(strict_types=1);

// Asks for the pages of web.php in turn, of php-fpm and of php-cgi, and makes a table. Arguments: php-fpm's socket, the
// application's folder, how many requests of each page, a folder for the table and all figures, and the command of
// php-cgi.

use Zroute\Tests\Process\FastCgiRequest;

require __DIR__ . '/../../tests/php/autoload.php';

const PAGES = [
    'none' => 'no call',
    'bare' => 'Client::shared()->call()',
    'provider' => 'Zroute::call()',
    'found' => 'the same, by consul://',
];

[, $socket, $application, $requests, $folder] = $argv;
$cgi = array_slice($argv, 5);

$parameters = static fn (string $name): array => [
    'GATEWAY_INTERFACE' => 'CGI/1.1', 'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => "/$name", 'REDIRECT_STATUS' => '200',
    'SCRIPT_NAME' => '/index.php', 'SCRIPT_FILENAME' => "$application/public/index.php",
];
$ask = [
    'php-fpm' => static fn (string $name): string => FastCgiRequest::send($socket, $parameters($name)),
    'php-cgi' => static function (string $name) use ($cgi, $parameters): string {
        $process = proc_open($cgi, [['file', '/dev/null', 'r'], ['pipe', 'w']], $pipes, null, $parameters($name) + getenv());
        $response = stream_get_contents($pipes[1]);
        proc_close($process);
        return $response;
    },
];
$page = static function (string $way, string $name) use ($ask): array {
    $begun = hrtime(true);
    $response = $ask[$way]($name);
    $request = hrtime(true) - $begun;
    [$call, $answer] = json_decode(explode("\r\n\r\n", $response, 2)[1] ?? '', true) ?? [null, null];
    return $answer === 6
        ? ['call' => $call, 'request' => $request]
        : throw new RuntimeException("$way, /$name: $response");
};
$median = static function (array $values): float {
    sort($values);
    return $values[count($values) >> 1];
};

// Each page of php-cgi is a process of its own, which loads everything.
$repeats = ['php-fpm' => (int) $requests, 'php-cgi' => intdiv((int) $requests, 5)];
$ns = [];
foreach ($repeats as $way => $times) {
    for ($i = -20; $i < $times; $i++) {
        foreach (array_keys(PAGES) as $name) {
            $measured = $page($way, $name);
            // The first ones fill opcache and make the connection.
            if ($i >= 0) {
                $ns[$way][$name]['call'][] = $measured['call'];
                $ns[$way][$name]['request'][] = $measured['request'];
            }
        }
    }
}

$line = "%-28s %16s %16s %18s\n";
$table = '';
foreach ($ns as $way => $pages) {
    $table .= sprintf($line, "a page of Laravel, $way", 'its call', 'above bare', 'the whole request');
    foreach (PAGES as $name => $title) {
        $calls = $pages[$name]['call'];
        // Neighbours are compared, since a machine is not as fast all the time.
        $above = $median(array_map(static fn ($own, $bare) => $own - $bare, $calls, $pages['bare']['call']));
        $table .= sprintf(
            $line,
            $title,
            $name === 'none' ? '' : sprintf('%.3f ms', $median($calls) / 1e6),
            in_array($name, ['none', 'bare'], true) ? '' : sprintf('%.3f ms', $above / 1e6),
            sprintf('%.3f ms', $median($pages[$name]['request']) / 1e6)
        );
    }
    $table .= "\n";
}
$table .= 'PHP ' . PHP_VERSION . ", {$repeats['php-fpm']} requests of each page in turn of php-fpm, "
    . "{$repeats['php-cgi']} of php-cgi; medians.\n";
echo $table;
file_put_contents("$folder/laravel.txt", $table);
file_put_contents("$folder/laravel.json", json_encode($ns));
