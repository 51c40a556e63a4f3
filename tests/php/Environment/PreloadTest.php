<?php

declare(strict_types=1);

namespace Zroute\Tests\Environment;

use Zroute\Tests\Process\ChildProcess;
use Zroute\Tests\Process\FastCgiRequest;
use Zroute\Tests\Process\ServerProcess;
use Zroute\Tests\Process\TemporaryFolder;
use Zroute\Tests\ProcessTestCase;

/**
 * Web pages may use the library where FFI is for preloaded files alone, which
 * is PHP's default: set up as docs/php.md says.
 */
final class PreloadTest extends ProcessTestCase
{
    private const FFI = ['-d', 'extension=ffi'];
    /** Whom root has the pages served by. */
    private const USER = 'www-data';
    private const RESULT = [
        'packed' => '81a1619201cb4004000000000000', 'unpacked' => [1, 'x'], 'sum' => 6, 'asked' => ['socket'],
        'answered' => 'question', 'sums' => [1, 2],
    ];

    private TemporaryFolder $installed;
    private ServerProcess $server;

    protected function setUp(): void
    {
        $root = __DIR__ . '/../../..';
        $this->installed = new TemporaryFolder();
        $this->installed->copy("$root/php", 'php');
        mkdir("{$this->installed->path}/www");
        chmod("{$this->installed->path}/www", 0o755);
        $this->installed->copy(__DIR__ . '/page.php', 'www/page.php');
        $this->installed->copy(__DIR__ . '/full_page.php', 'www/full_page.php');
        $this->installed->copy(__DIR__ . '/drop_in_page.php', 'www/drop_in_page.php');
        $this->installed->copy(__DIR__ . '/shared_page.php', 'www/shared_page.php');
        $this->installed->copy((string) getenv('ZROUTE_LIBRARY'), 'libzroute.so');
        $this->installed->copy("$root/include/zroute-php.h", 'zroute-php.h');
        $header = "{$this->installed->path}/zroute-php.h";
        file_put_contents($header, preg_replace(
            '/^#define FFI_LIB .*$/m',
            "#define FFI_LIB \"{$this->installed->path}/libzroute.so\"",
            (string) file_get_contents($header)
        ));
        $this->server = $this->serve();
    }

    public function testAPageUnderPhpCgiCallsAServer(): void
    {
        self::assertSame([self::RESULT, 'cgi-fcgi', 'preload'], $this->cgi($this->preloading()));
    }

    public function testWithoutPreloadingAPageIsToldWhatToDo(): void
    {
        $header = "{$this->installed->path}/zroute-php.h";
        foreach ([[], ['-d', "ffi.preload=$header"]] as $settings) {
            [$text] = $this->cgi($settings);
            self::assertStringContainsString('NativeError: FFI is off for scripts here (ffi.enable=preload)', $text);
            self::assertStringContainsString('opcache.preload', $text);
        }
    }

    public function testPagesUnderPhpFpmCallAServer(): void
    {
        $fpm = $this->startFpm(2);
        try {
            for ($i = 0; $i < 6; $i++) {
                self::assertSame([self::RESULT, 'fpm-fcgi', 'preload'], self::body($this->page('page.php')));
            }
        } finally {
            $this->stop($fpm);
        }
    }

    public function testAPageThatMeetsItsMemoryLimitHarmsNoLaterOne(): void
    {
        $fpm = $this->startFpm(1);
        try {
            $processes = [];
            foreach (['list', 'maps', 'string', 'list', 'maps', 'string'] as $value) {
                $full = $this->page('full_page.php', "value=$value");
                self::assertStringContainsString('Allowed memory size', $full);
                self::assertStringNotContainsString('not reached', $full);
                self::assertSame(1, preg_match('/^(\d+)$/m', $full, $process), $full);
                $processes[] = $process[1];
                self::assertSame([self::RESULT, 'fpm-fcgi', 'preload'], self::body($this->page('page.php')));
            }
            self::assertCount(1, array_unique($processes), 'one process serves all pages, and lives on');
        } finally {
            $this->stop($fpm);
        }
    }

    public function testPagesForTheExtensionRunOnTheDropIn(): void
    {
        $fpm = $this->startFpm(1);
        try {
            $processes = [];
            for ($i = 0; $i < 6; $i++) {
                $full = $this->page('drop_in_page.php', 'full');
                self::assertStringContainsString('Allowed memory size', $full);
                self::assertStringNotContainsString('not reached', $full);
                [$one, $two, $none, $processes[]] = self::body($this->page('drop_in_page.php'));
                self::assertSame(['one', ['a', 'b'], false], [$one, $two, $none]);
            }
            self::assertCount(1, array_unique($processes), 'one process serves all pages, and lives on');
        } finally {
            $this->stop($fpm);
        }
    }

    public function testASharedClientSurvivesPages(): void
    {
        $fpm = $this->startFpm(1);
        try {
            $pages = [];
            foreach (['', 'leaves=1', '', 'dies=1', ''] as $query) {
                $pages[] = $page = $this->page('shared_page.php', $query);
                self::assertStringContainsString($query === 'dies=1' ? 'Allowed memory size' : '"sum":6', $page);
            }
        } finally {
            $this->stop($fpm);
        }
        $pages = array_map(self::body(...), [$pages[0], $pages[2], $pages[4]]);
        self::assertCount(1, array_unique(array_column($pages, 'pid')));
        // Each page calls once; two more began a call and went.
        self::assertSame([1, 5, 9], array_column($pages, 'calls'));
        self::assertSame([0, 0, 0], array_column($pages, 'in_flight'), 'what a page left is given up');
        self::assertSame([0, 0, 0], array_column($pages, 'left'), 'nobody else sees it');
    }

    public function testASharedClientFindsItsServerByNameAndAsksOnce(): void
    {
        $port = substr((string) strrchr($this->server->endpoint, ':'), 1);
        $consul = $this->own(ChildProcess::php(__DIR__ . '/../peers/consul.php', [$port]));
        $endpoint = 'endpoint=' . urlencode("consul://{$consul->readLine()}/time");
        $fpm = $this->startFpm(1);
        try {
            $pages = array_map(fn (): array => self::body($this->page('shared_page.php', $endpoint)), range(1, 4));
        } finally {
            $this->stop($fpm);
        }
        self::assertCount(1, array_unique(array_column($pages, 'pid')));
        self::assertSame([6, 6, 6, 6], array_column($pages, 'sum'));
        self::assertSame([1, 2, 3, 4], array_column($pages, 'calls'));
        self::assertSame([1, 1, 1, 1], array_column($pages, 'resolvers'));
        $consul->kill();
        $asked = substr_count($consul->readAll(), '/v1/health/service/time?');
        self::assertSame(1, $asked, 'not by each page, and not before the fork');
    }

    public function testAForkedChildHasASharedClientOfItsOwn(): void
    {
        $client = $this->startClient('shared', $this->server);
        self::assertSame("child: 6, another\nexit: 0\nparent: 6, the same\n", $client->readAll());
        self::assertSame(0, $client->wait());
        self::assertSame('', $client->errors());
    }

    private function startFpm(int $workers): ChildProcess
    {
        $folder = $this->installed->path;
        $user = posix_geteuid() === 0 ? ['user = ' . self::USER, 'group = ' . self::USER] : [];
        file_put_contents("$folder/fpm.conf", implode("\n", [
            '[global]',
            "error_log = $folder/fpm.log",
            '[www]',
            "listen = $folder/fpm.sock",
            'pm = static',
            "pm.max_children = $workers",
            ...$user,
        ]));
        return $this->own(new ChildProcess([
            $this->fpm(), '-n', '--nodaemonize', '--fpm-config', "$folder/fpm.conf",
            ...self::FFI, ...$this->preloading(),
        ], ['ZROUTE_LIBRARY' => null]));
    }

    private function stop(ChildProcess $fpm): void
    {
        // It takes its workers along.
        $fpm->signal(SIGTERM);
        self::assertSame(0, $fpm->wait(), $fpm->errors());
    }

    private function page(string $name, string $query = ''): string
    {
        $request = ['SCRIPT_FILENAME' => "{$this->installed->path}/www/$name"] + $this->request();
        $request['QUERY_STRING'] .= "&$query";
        return FastCgiRequest::send("{$this->installed->path}/fpm.sock", $request);
    }

    /**
     * @param list<string> $settings
     * @return array<mixed>
     */
    private function cgi(array $settings): array
    {
        return self::body($this->own(new ChildProcess(
            ['php-cgi', '-n', ...self::FFI, ...$settings],
            $this->request() + ['ZROUTE_LIBRARY' => null]
        ))->readAll());
    }

    /** @return list<string> */
    private function preloading(): array
    {
        $folder = $this->installed->path;
        return [
            '-d', 'zend_extension=opcache',
            '-d', "ffi.preload=$folder/zroute-php.h", '-d', "opcache.preload=$folder/php/preload.php",
            ...(posix_geteuid() === 0 ? ['-d', 'opcache.preload_user=' . self::USER] : []),
        ];
    }

    /** @return array<string, string> */
    private function request(): array
    {
        return [
            'GATEWAY_INTERFACE' => 'CGI/1.1', 'REQUEST_METHOD' => 'GET', 'REDIRECT_STATUS' => '200',
            'SCRIPT_FILENAME' => "{$this->installed->path}/www/page.php",
            'QUERY_STRING' => 'endpoint=' . urlencode($this->server->endpoint),
        ];
    }

    /** @return array<mixed> */
    private static function body(string $response): array
    {
        [$headers, $body] = explode("\r\n\r\n", $response, 2) + [1 => ''];
        self::assertStringContainsString('application/json', $headers);
        return (array) json_decode($body, true, 512, JSON_THROW_ON_ERROR);
    }

    private function fpm(): string
    {
        $names = ['php-fpm' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION, 'php-fpm'];
        foreach (['/usr/sbin', '/usr/local/sbin', dirname(PHP_BINARY)] as $folder) {
            foreach ($names as $name) {
                if (is_executable("$folder/$name")) {
                    return "$folder/$name";
                }
            }
        }
        self::fail('php-fpm is not installed');
    }
}
