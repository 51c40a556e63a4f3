"""Programs under test: each a process of its own, with waits that end."""

import contextlib
import ctypes
import os
import resource
import selectors
import signal
import subprocess
import tempfile
import time

PATIENCE = 60
"""Seconds after which something that should have happened has failed; far above any real time, on a busy machine too."""

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def _prepare_child():
    # When the tests are killed, what they started goes too.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Process:
    """A child process. Use it in a `with`: at the end it is killed if it still runs."""

    def __init__(self, command, **environment):
        self.command = [str(part) for part in command]
        self._stderr = tempfile.TemporaryFile()
        self._child = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={**os.environ, **environment},
            bufsize=0,
            preexec_fn=_prepare_child,
        )
        self.pid = self._child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait(PATIENCE)
        self._child.stdin.close()
        self._child.stdout.close()
        self._stderr.close()

    @property
    def is_running(self):
        return self._child.poll() is None

    def send_signal(self, number):
        self._child.send_signal(number)

    def wait(self, patience=PATIENCE):
        """The exit code; negative for a signal."""
        try:
            return self._child.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self} did not end") from None

    def write(self, data):
        self._child.stdin.write(data)

    def close_stdin(self):
        self._child.stdin.close()

    def read(self, size, patience=PATIENCE):
        """So many bytes of its output."""
        data = bytearray()
        deadline = time.monotonic() + patience
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            while len(data) < size:
                if not selector.select(max(0, deadline - time.monotonic())):
                    raise AssertionError(f"{self} wrote {bytes(data)!r} and no more")
                more = os.read(self._child.stdout.fileno(), size - len(data))
                if not more:
                    raise AssertionError(f"{self} ended its output after {bytes(data)!r}")
                data += more
        return bytes(data)

    def read_line(self, patience=PATIENCE):
        line = bytearray()
        while not line.endswith(b"\n"):
            line += self.read(1, patience)
        return line.decode().rstrip("\n")

    def read_all(self, patience=PATIENCE):
        """What is left of its output, once it has ended."""
        self.wait(patience)
        return self._child.stdout.read().decode()

    @property
    def errors(self):
        """What it has written to stderr so far."""
        return os.pread(self._stderr.fileno(), 1 << 20, 0).decode(errors="replace")

    @property
    def memory(self):
        """Its resident memory in bytes."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()

    @property
    def peak_memory(self):
        """The most resident memory in bytes that it had since forget_peak_memory()."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            (line,) = (line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) << 10

    def forget_peak_memory(self):
        with open(f"/proc/{self.pid}/clear_refs", "w", encoding="ascii") as clear:
            clear.write("5")

    @property
    def descriptors(self):
        """How many file descriptors it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    @property
    def sockets(self):
        """How many of them are sockets; a library may open others when it first needs them."""
        return len(sockets_of(self.pid))

    def wait_for_sockets(self, count):
        """Waits until it has no more than so many open."""
        try:
            wait_until(lambda: self.sockets <= count, f"{self} to have {count} sockets")
        except AssertionError as error:
            inodes = sockets_of(self.pid)
            with open(f"/proc/{self.pid}/net/tcp", encoding="ascii") as table:
                shown = [line for line in table if not inodes.isdisjoint(line.split())]
            raise AssertionError(f"{error}; those it has, as the kernel shows them:\n{''.join(shown)}") from None

    @property
    def connected_to(self):
        """The ports that its TCP connections lead to."""
        return self.ports_in({"01"})

    def ports_in(self, states):
        """The ports that its TCP connections lead to which are in these states, as /proc has them."""
        inodes, ports = sockets_of(self.pid), set()
        with open(f"/proc/{self.pid}/net/tcp", encoding="ascii") as table:
            for line in table:
                _, _, remote, state, *_, inode = line.split()[:10]
                if state in states and inode in inodes:
                    ports.add(int(remote.rpartition(":")[2], 16))
        return ports

    @property
    def threads(self):
        """The names of its threads."""
        return threads_of(self.pid)

    @property
    def cpu_seconds(self):
        """The processor time that it has used so far."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            # The second field is its name in parentheses; utime and stime are the 14th and 15th.
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __repr__(self):
        return f"{' '.join(self.command)} (exit code {self._child.poll()}, stderr: {self.errors})"


class Listener(Process):
    """A process whose first line is `listening on ENDPOINT`."""

    def __init__(self, command, **environment):
        super().__init__(command, **environment)
        try:
            line = self.read_line()
            assert line.startswith("listening on "), f"{self} said {line!r}"
        except BaseException:
            self.__exit__()
            raise
        self.endpoint = line.removeprefix("listening on ")


GONE = (FileNotFoundError, ProcessLookupError)
"""What reading /proc raises when a process or a thread ends meanwhile: as the file is opened, or as it is read."""


def threads_of(pid):
    """The names of a process's threads."""
    names = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(*GONE), open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8") as name:
            names.append(name.read().rstrip("\n"))
    return names


def sockets_of(pid):
    """The inodes of a process's sockets, as texts."""
    inodes = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        # One may be closed meanwhile.
        with contextlib.suppress(*GONE):
            kind, _, inode = os.readlink(f"/proc/{pid}/fd/{name}").partition(":")
            if kind == "socket":
                inodes.add(inode.strip("[]"))
    return inodes


def wait_until(condition, what, pause=0.001):
    """Polls until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
