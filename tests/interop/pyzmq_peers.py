"""Sockets of pyzmq in processes of their own, on the system's libzmq or on a newer one."""

import ast
import fcntl
import subprocess
import sys

from processes import PATIENCE, Process, wait_until
from programs import PEERS, ROOT

NEWER_PYZMQ = "26.4.0"
NEWER_LIBZMQ = "4.3.5"


class Socket(Process):
    """peers/pyzmq_socket.py: a socket that does what it is told, and keeps its monitor's events."""

    def __init__(self, python, kind, **options):
        super().__init__([python, PEERS / "pyzmq_socket.py", kind])
        try:
            for name, value in {"linger": 0, **options}.items():
                self.set(name, value)
        except BaseException:
            self.__exit__()
            raise

    def _ask(self, *order):
        message = repr(order).encode()
        self.write(len(message).to_bytes(4, "big") + message)
        return ast.literal_eval(self.read(int.from_bytes(self.read(4), "big")).decode())

    def set(self, name, value):
        self._ask("set", name, value)

    def leave(self):
        """Closes it; from now on it is a new one of the kind, without options."""
        self._ask("leave")
        self.set("linger", 0)

    def connect(self, endpoint):
        self._ask("connect", endpoint)
        return self

    def bind(self, endpoint="tcp://127.0.0.1:*"):
        """Returns the endpoint with its port."""
        return self._ask("bind", endpoint)

    def send(self, *frames):
        self._ask("send", list(frames))

    def receive(self, seconds=PATIENCE - 5):
        """A message, or None when none comes in this time."""
        return self._ask("receive", int(seconds * 1000))

    def exchange(self, *frames):
        self.send(*frames)
        return self.receive()

    def send_back(self, count):
        """Receives so many messages and sends each back as it came; returns how many came."""
        return self._ask("send_back", count, (PATIENCE - 5) * 1000)

    @property
    def events(self):
        """The names of what has happened to its connections so far, in order."""
        return self._ask("events")

    def wait_for_event(self, name):
        self.wait_for_any_event({name})

    def wait_for_any_event(self, names):
        wait_until(lambda: names & set(self.events), f"any of {names}")

    @property
    def libzmq(self):
        return self._ask("libzmq")


class Pyzmq:
    """An installation of pyzmq."""

    def __init__(self, python):
        self._python = python

    def socket(self, kind, **options):
        return Socket(self._python, kind, **options)

    @classmethod
    def system(cls):
        return cls(sys.executable)

    @classmethod
    def newer(cls):
        """pyzmq's wheel in an environment under target/, made by the first who asks."""
        environment = ROOT / f"target/interop/pyzmq-{NEWER_PYZMQ}"
        python = environment / "bin/python"
        complete = environment / "complete"
        environment.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{environment}.lock", "w", encoding="ascii") as lock:
            # Tests run beside each other: one makes it, and the others wait.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not complete.exists():
                # Debian has venv's pip in a package of its own: python3-venv.
                _run(sys.executable, "-m", "venv", "--clear", environment)
                wheel = f"pyzmq=={NEWER_PYZMQ}"
                _run(python, "-m", "pip", "install", "--quiet", "--only-binary=:all:", wheel)
                complete.touch()
        pyzmq = cls(python)
        with pyzmq.socket("DEALER") as socket:
            assert socket.libzmq == NEWER_LIBZMQ, f"pyzmq {NEWER_PYZMQ} brings libzmq {socket.libzmq}"
        return pyzmq


def _run(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, (
        f"a peer on a newer libzmq is needed, and cannot be installed: "
        f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}"
    )
