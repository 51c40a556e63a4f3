<?php

declare(strict_types=1);

namespace Zroute\Tests\Process;

/**
 * A process under test. Every wait is bounded, and kill() ends it whatever it
 * does.
 */
final class ChildProcess
{
    private const PAUSE_US = 2000;

    /** @var resource */
    private $process;
    /** @var resource */
    private $input;
    /** @var resource */
    private $output;
    /** @var resource */
    private $errors;
    private string $read = '';
    public readonly int $pid;
    private ?int $exitCode = null;

    /**
     * @param list<string> $command
     * @param array<string, string|null> $environment what differs from ours; null takes a variable away
     * @param float $patience how many seconds a wait lasts at most
     */
    public function __construct(
        private readonly array $command,
        array $environment = [],
        private readonly float $patience = 60.0
    ) {
        $path = tempnam(sys_get_temp_dir(), 'zroute-stderr-');
        // Appending, so that our reading does not move the place of its writing.
        $this->errors = fopen($path, 'a+');
        unlink($path);
        $process = proc_open(
            // Should we be killed, it goes too.
            ['setpriv', '--pdeathsig', 'KILL', ...$command],
            [['pipe', 'r'], ['pipe', 'w'], $this->errors],
            $pipes,
            null,
            array_filter($environment + getenv(), is_string(...))
        );
        if ($process === false) {
            throw new \RuntimeException('cannot start ' . implode(' ', $command));
        }
        $this->process = $process;
        [$this->input, $this->output] = $pipes;
        stream_set_blocking($this->output, false);
        $this->pid = proc_get_status($process)['pid'];
    }

    /**
     * A PHP script, in a PHP with FFI and nothing that Debian's php.ini adds.
     *
     * @param list<string> $arguments
     * @param array<string, string> $settings for -d
     * @param array<string, string|null> $environment
     */
    public static function php(
        string $script,
        array $arguments = [],
        array $settings = [],
        array $environment = []
    ): self {
        $command = [PHP_BINARY, '-n', '-d', 'extension=ffi', '-d', 'extension=posix'];
        foreach ($settings as $name => $value) {
            array_push($command, '-d', "$name=$value");
        }
        return new self([...$command, $script, ...$arguments], $environment);
    }

    /** @param list<string> $arguments */
    public static function python(string $script, array $arguments = []): self
    {
        return new self([getenv('ZROUTE_PYTHON') ?: '/usr/bin/python3', '-u', $script, ...$arguments]);
    }

    /** The next line that the process prints, without its end. */
    public function readLine(): string
    {
        $deadline = microtime(true) + $this->patience;
        while (($end = strpos($this->read, "\n")) === false) {
            if (!$this->readMore($deadline)) {
                throw new \RuntimeException($this->describe('ended its output, expected one more line'));
            }
        }
        $line = substr($this->read, 0, $end);
        $this->read = substr($this->read, $end + 1);
        return $line;
    }

    /** Everything that it prints until its end. */
    public function readAll(): string
    {
        $deadline = microtime(true) + $this->patience;
        while ($this->readMore($deadline)) {
            continue;
        }
        return $this->read;
    }

    /** What it wrote to stderr so far. */
    public function errors(): string
    {
        rewind($this->errors);
        return (string) stream_get_contents($this->errors);
    }

    public function write(string $text): void
    {
        fwrite($this->input, $text);
        fflush($this->input);
    }

    public function signal(int $signal): void
    {
        posix_kill($this->pid, $signal);
    }

    /** Waits for its end: its exit code, or 128 and the signal that ended it. */
    public function wait(): int
    {
        $deadline = microtime(true) + $this->patience;
        while ($this->isRunning()) {
            if (microtime(true) > $deadline) {
                throw new \RuntimeException($this->describe('does not end'));
            }
            usleep(self::PAUSE_US);
        }
        return (int) $this->exitCode;
    }

    public function isRunning(): bool
    {
        if ($this->exitCode === null) {
            $status = proc_get_status($this->process);
            if (!$status['running']) {
                $this->exitCode = $status['signaled'] ? 128 + $status['termsig'] : $status['exitcode'];
            }
        }
        return $this->exitCode === null;
    }

    public function kill(): void
    {
        if ($this->isRunning()) {
            $this->signal(SIGKILL);
            $this->wait();
        }
    }

    /** The physical memory that it holds, in bytes. */
    public function residentMemory(): int
    {
        return (int) explode(' ', (string) file_get_contents("/proc/$this->pid/statm"))[1] * 4096;
    }

    private function readMore(float $deadline): bool
    {
        $left = $deadline - microtime(true);
        if ($left <= 0) {
            throw new \RuntimeException($this->describe('prints nothing'));
        }
        $readable = [$this->output];
        $none = [];
        // A signal may interrupt it; the loop comes again.
        @stream_select($readable, $none, $none, (int) $left, (int) (fmod($left, 1.0) * 1e6));
        $chunk = (string) fread($this->output, 65536);
        $this->read .= $chunk;
        return $chunk !== '' || !feof($this->output);
    }

    private function describe(string $what): string
    {
        return sprintf(
            "'%s' %s. Unread: %s; stderr: %s",
            implode(' ', $this->command),
            $what,
            var_export($this->read, true),
            $this->errors()
        );
    }
}
