<?php

declare(strict_types=1);

// Server and client over each bridge, in all four combinations: the same calls end alike.
// Arguments: how many rounds of calls. The PHP of the processes is the one that runs this, with its settings in
// ZROUTE_TEST_PHP if there are any.

require __DIR__ . '/both.php';

$rounds = $argv[1] ?? '200';
$php = [...php(), ...array_filter(explode(' ', (string) getenv('ZROUTE_TEST_PHP')))];
$start = static function (string $script, string $bridge, array $arguments, array $files) use ($php): array {
    $command = [...$php, __DIR__ . "/process/$script.php", ...$arguments];
    $process = proc_open($command, $files, $pipes, null, ['ZROUTE_BRIDGE' => $bridge] + getenv());
    check(is_resource($process), "$script starts");
    own($process);
    return [$process, $pipes];
};

$expected = null;
foreach (['serialize', 'slot'] as $serverBridge) {
    foreach (['serialize', 'slot'] as $clientBridge) {
        $what = "server $serverBridge, client $clientBridge";
        [$server, $pipes] = $start('server', $serverBridge, [], [1 => ['pipe', 'w'], 2 => STDERR]);
        $endpoint = trim((string) fgets($pipes[1]));
        [$client, $clientPipes] = $start(
            'client',
            $clientBridge,
            [$endpoint, $rounds],
            [1 => ['pipe', 'w'], 2 => ['pipe', 'w']]
        );
        $transcript = (string) stream_get_contents($clientPipes[1]);
        $errors = (string) stream_get_contents($clientPipes[2]);
        $code = proc_close($client);
        proc_terminate($server, 15);
        // Its own end, not by the signal; pcntl is there in Debian's command line.
        $ended = proc_close($server);
        check($code === 0 && str_ends_with($transcript, "end\n"), "$what: the client ends well: $errors$transcript");
        check(trim($errors) === $what, "$what: the bridges are as asked for: $errors");
        if ($serverBridge === 'slot' && function_exists('pcntl_signal')) {
            check($ended === 0, "$what: the server ends well, got $ended");
        }
        $expected ??= $transcript;
        if ($transcript !== $expected) {
            foreach (explode("\n", $expected) as $i => $line) {
                $got = explode("\n", $transcript)[$i] ?? '';
                check($got === $line, "$what:\nexpected $line\ngot      $got");
            }
            check(false, "$what: the transcripts differ");
        }
        check(true, $what);
    }
}
if (getenv('ZROUTE_TEST_SHOW') !== false) {
    echo $expected;
}
done();
