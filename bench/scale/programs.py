"""The programs that are measured: each a process of its own, told what to do a line at a time."""

import contextlib
import ctypes
import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
RELEASE = ROOT / "target/release"
BENCH = ROOT / "target/bench"
PHP = [os.environ.get("PHP") or "php", "-n", "-d", "extension=ffi"]

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _prepare_child():
    # When the bench is killed, what it started goes too.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def allow_many_descriptors():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class Program:
    def __init__(self, *command, **environment):
        environment = {"ZROUTE_LIBRARY": RELEASE / "libzroute.so", "ZROUTE_PHP_DIR": ROOT / "php", **environment}
        self._child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **{name: str(value) for name, value in environment.items()}},
            preexec_fn=_prepare_child,
        )
        self.pid = self._child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.kill()
        self.wait()

    def wait(self):
        self._child.wait()
        self._child.stdin.close()
        self._child.stdout.close()
        return self._child.returncode

    def terminate(self):
        self._child.terminate()

    def tell(self, line):
        self._child.stdin.write(line + "\n")
        self._child.stdin.flush()

    def read(self):
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._child.args} ended")
        return line.split()

    def ask(self, line):
        self.tell(line)
        return self.read()[1:]

    @property
    def cpu(self):
        """Seconds of processor time of all its threads so far."""
        return cpu_of(self.pid)

    @property
    def children(self):
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    @property
    def resident(self):
        return _status(self.pid, "VmRSS") * 1024

    @property
    def threads(self):
        return _status(self.pid, "Threads")

    @property
    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    @property
    def written(self):
        """Bytes it has handed to write() so far, sockets' too."""
        fields = dict(line.split(": ") for line in Path(f"/proc/{self.pid}/io").read_text().splitlines())
        return int(fields["wchar"])


def cpu_of(pid):
    # The system's number of that process's clock, as clock_getcpuclockid(3) makes it.
    return time.clock_gettime((~pid << 3) | 2)


def _status(pid, name):
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields[name].split()[0])


def memory_of(pid):
    """Bytes of a process: its share of all that it uses, and what it alone uses."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    fields = {name: int(value.split()[0]) * 1024 for name, value in (line.split(":") for line in lines)}
    return fields["Pss"], fields["Private_Clean"] + fields["Private_Dirty"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class PhpServer(Program):
    def __init__(self):
        super().__init__(*PHP, ROOT / "bench/servers/zroute_server.php")
        self.endpoint = self.read()[0]


class CServer(Program):
    def __init__(self):
        super().__init__(BENCH / "zroute_server")
        self.endpoint = self.read()[0]


class Serve(Program):
    """`zroute serve`, a supervisor and its workers."""

    def __init__(self, workers, *options, bind="tcp://127.0.0.1:*"):
        command = [RELEASE / "zroute", "serve", ROOT / "bench/servers/routes.php", "--bind", bind]
        command += ["--workers", workers, "--php", PHP[0], "--log-level", "error", *options]
        super().__init__(*command, *[f"--php-arg={argument}" for argument in ("-n", "-dextension=ffi")])

    def wait_until_up(self):
        self.endpoint = self.read()[0]
        return self


class Caller(Program):
    def __init__(self, *endpoints):
        super().__init__(BENCH / "caller", *endpoints)

    def until(self, servers):
        """Seconds until it is connected to so many, and to no others."""
        return int(self.ask(f"until {servers}")[0]) / 1e9

    def calls(self, count, window):
        """Seconds, and seconds of its own processor time, that so many calls take."""
        wall, cpu, failed = self.ask(f"calls {count} {window}")
        if int(failed):
            raise RuntimeError(f"{failed} calls of {count} failed")
        return int(wall) / 1e9, int(cpu) / 1e9


class Registrants(Program):
    """So many servers that are registered with Consul, in one process."""

    def __init__(self, url, count, port):
        super().__init__(RELEASE / "examples/catalogue", "register", url, count, port)


class Followers(Program):
    """So many followers of one service, in one process, each as if it had one of its own."""

    def __init__(self, url, count):
        super().__init__(RELEASE / "examples/catalogue", "follow", url, count)
        self._count = count

    @contextlib.contextmanager
    def until(self, instances):
        """Yields a list, which has the seconds from here until each list has so many instances afterwards."""
        times = []
        self.tell(f"expect {instances}")
        self.read()
        yield times
        times += sorted(int(word) / 1e9 for word in self.read())


class Consul(Program):
    """A server of one, on a disk and empty. `connections` is how many one address may have; 200 by default."""

    def __init__(self, program, connections=None):
        self.port = free_port()
        limits = f" limits {{ http_max_conns_per_client = {connections} }}" if connections else ""
        ports = (
            f"ports {{ http = {self.port} https = -1 grpc = -1 dns = -1 serf_lan = {free_port()}"
            f" serf_wan = -1 server = {free_port()} }} performance {{ raft_multiplier = 1 }}{limits}"
        )
        # Not in dev mode: there each answer is indented, and a third longer.
        self._command = [program, "agent", "-server", "-bootstrap-expect", "1", "-client", "127.0.0.1"]
        self._command += ["-bind", "127.0.0.1", "-node", "here", "-log-level", "err", "-hcl", ports]
        self._folder = tempfile.TemporaryDirectory()
        self._start()

    def _start(self):
        # Its log is long.
        command = [*self._command, "-data-dir", self._folder.name]
        super().__init__("sh", "-c", 'exec "$@" >/dev/null', "sh", *command)
        until = time.monotonic() + 30
        while len(self.get("/v1/status/leader")) <= 2:
            if time.monotonic() > until:
                raise RuntimeError("Consul has no leader")
            time.sleep(0.05)

    def restart(self, is_empty):
        """Ends it at once, and begins it again after five seconds."""
        super().__exit__()
        if is_empty:
            self._folder.cleanup()
            self._folder = tempfile.TemporaryDirectory()
        time.sleep(5)
        self._start()

    def __exit__(self, *_):
        super().__exit__()
        self._folder.cleanup()

    def url(self, service="time-service"):
        return f"consul://127.0.0.1:{self.port}/{service}"

    def get(self, path):
        request = f"GET {path} HTTP/1.0\r\nHost: here\r\n\r\n".encode()
        try:
            with socket.create_connection(("127.0.0.1", self.port)) as connection:
                connection.sendall(request)
                with connection.makefile("rb") as answer:
                    return answer.read().partition(b"\r\n\r\n")[2]
        except OSError:
            return b""
