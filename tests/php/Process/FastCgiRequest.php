<?php

declare(strict_types=1);

namespace Zroute\Tests\Process;

/**
 * One request to a FastCGI server on a Unix socket, as a web server sends it.
 */
final class FastCgiRequest
{
    private const PATIENCE_S = 60;

    /** Record types of the FastCGI specification, 8. */
    private const BEGIN_REQUEST = 1;
    private const END_REQUEST = 3;
    private const PARAMS = 4;
    private const STDIN = 5;
    private const STDOUT = 6;

    /**
     * @param array<string, string> $parameters of CGI
     * @return string headers and body
     */
    public static function send(string $socket, array $parameters): string
    {
        $stream = self::connect($socket);
        // A responder; the connection is closed behind the answer.
        $request = self::record(self::BEGIN_REQUEST, pack('nCx5', 1, 0));
        $request .= self::record(self::PARAMS, self::pairs($parameters)) . self::record(self::PARAMS, '');
        fwrite($stream, $request . self::record(self::STDIN, ''));
        stream_set_timeout($stream, self::PATIENCE_S);
        $output = '';
        while (strlen($header = (string) stream_get_contents($stream, 8)) === 8) {
            ['type' => $type, 'length' => $length, 'padding' => $padding]
                = unpack('Cversion/Ctype/nid/nlength/Cpadding', $header);
            $content = $length + $padding === 0 ? '' : (string) stream_get_contents($stream, $length + $padding);
            if ($type === self::STDOUT) {
                $output .= substr($content, 0, $length);
            } elseif ($type === self::END_REQUEST) {
                return $output;
            }
        }
        throw new \RuntimeException("the server ended its answer early: $output");
    }

    /** @return resource */
    private static function connect(string $socket)
    {
        $deadline = microtime(true) + self::PATIENCE_S;
        while (microtime(true) < $deadline) {
            // It may not listen yet.
            $stream = @stream_socket_client("unix://$socket");
            if ($stream !== false) {
                return $stream;
            }
            usleep(5000);
        }
        throw new \RuntimeException("nobody listens at $socket");
    }

    private static function record(int $type, string $content): string
    {
        return pack('CCnnCx', 1, $type, 1, strlen($content), 0) . $content;
    }

    /** @param array<string, string> $parameters */
    private static function pairs(array $parameters): string
    {
        $pairs = '';
        foreach ($parameters as $name => $value) {
            $pairs .= pack('NN', strlen($name) | 1 << 31, strlen($value) | 1 << 31) . $name . $value;
        }
        return $pairs;
    }
}
