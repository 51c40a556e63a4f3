"""The programs that the tests start, in PHP and in C, with the library under test."""

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import msgpack

from processes import PATIENCE, Listener, Process, wait_until

TRANSPORT = os.environ.get("ZROUTE_TRANSPORT") or "zmtp"
"""What the programs are served by; they find the variable in their environment too."""

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PEERS = HERE / "peers"


class Client(Process):
    """A client of the library that makes the calls it is handed."""

    unmatched = 0
    """Messages so far that belonged to no call in flight."""

    def calls(self, calls, timeout_ms=PATIENCE * 1000):
        """Makes the calls, each (function, parameters[, its own timeout[, 1 if it is idempotent]]), all at once.

        Returns [kind, value] of each: answer, fault, timeout, not connected, invalid.
        """
        self.begin(calls, timeout_ms)
        return self.results()

    def begin(self, calls, timeout_ms=PATIENCE * 1000):
        """Begins the calls, for whoever has to do something before they can be answered."""
        message = msgpack.packb([[*call, timeout_ms][: max(3, len(call))] for call in calls])
        self.write(len(message).to_bytes(4, "big") + message)

    def results(self, patience=PATIENCE):
        """What became of the calls that were begun."""
        size = int.from_bytes(self.read(4, patience), "big")
        results, self.unmatched = msgpack.unpackb(self.read(size), strict_map_key=False)
        return results

    def wait_for_loss(self, endpoint):
        """Until the end of the server there has reached this machine's end; a packet may need a second try.

        Before that a call goes to the server that has gone. What the client looks at when it is
        called it need not have looked at; libzmq looks by itself.
        """
        port = int(endpoint.rpartition(":")[2])
        established, close_wait = "01", "08"
        states = {established} if TRANSPORT == "zmtp" else {established, close_wait}
        wait_until(lambda: port not in self.ports_in(states), f"the end of the connection to {endpoint}")

    def call(self, function, parameters, timeout_ms=PATIENCE * 1000):
        return self.calls([(function, parameters, timeout_ms)])[0]


class Programs:
    def __init__(self, library, build):
        self.library = library
        self.build = build
        self.php = [*shlex.split(os.environ.get("PHP") or "php"), "-n"]
        self.php += "-d extension=ffi -d display_errors=stderr".split()
        self.php_with_extensions = shlex.split(os.environ.get("PHP") or "php")
        self.environment = {"ZROUTE_LIBRARY": str(library), "MARKER": str(build / "marker")}
        # Linked programs ask for it by its SONAME.
        for name in ("libzroute.so", "libzroute.so.0"):
            (build / name).symlink_to(library)

    def server(
        self,
        language,
        endpoint="tcp://127.0.0.1:0",
        memory_limit="1G",
        descriptors=None,
        environment=None,
        **options,
    ):
        """peers/server.php or peers/server.c, with these options.

        The memory limit is PHP's; `descriptors` is how many the process may have.
        """
        command = self._command(language, "server", endpoint, options, memory_limit)
        if descriptors is not None:
            command = ["sh", "-c", f'ulimit -n {descriptors} && exec "$@"', "sh", *command]
        return Listener(command, **self.environment, **(environment or {}))

    def client(self, language, endpoint, environment=None, **options):
        """peers/client.php or peers/client.c, with these options."""
        command = self._command(language, "client", endpoint, options)
        return Client(command, **self.environment, **(environment or {}))

    def _command(self, language, name, endpoint, options, memory_limit="1G"):
        program = {
            "php": lambda: [*self.php, "-d", f"memory_limit={memory_limit}", PEERS / f"{name}.php"],
            "c": lambda: [self._compiled(name)],
        }[language]()
        return [*program, endpoint, *(f"{option}={value}" for option, value in options.items())]

    def _compiled(self, name):
        program = self.build / name
        if not program.exists():
            link = [f"-L{self.build}", f"-Wl,-rpath,{self.build}", "-lzroute", "-pthread"]
            self._compile(program, PEERS / f"{name}.c", f"-I{ROOT / 'include'}", *link)
        return program

    def preload(self, name):
        """peers/NAME.c as a library that a program loads before all others."""
        library = self.build / f"{name}.so"
        if not library.exists():
            self._compile(library, PEERS / f"{name}.c", "-shared", "-fPIC")
        return {"LD_PRELOAD": str(library)}

    @staticmethod
    def _compile(output, source, *arguments):
        compiler = shlex.split(os.environ.get("CC") or "cc")
        flags = "-std=c99 -Wall -Wextra -Werror -pedantic -g".split()
        subprocess.run([*compiler, *flags, "-o", output, source, *arguments], check=True)


def python(script, *arguments):
    """The command that runs a script of peers/ with this Python."""
    return [sys.executable, PEERS / script, *arguments]


_reserved = []


def free_port():
    """A port that nobody listens on; for programs that cannot say which one they got, or are to come back at it.

    It stays bound here, so that the kernel gives it to nobody else. Whoever asks for it by
    its number may listen all the same: all of them reuse addresses.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    _reserved.append(reserved)
    return reserved.getsockname()[1]


def seed_script(name, port, folder):
    """A copy of a script of seed/ in which the port is another and all else is word for word."""
    text = (HERE / "seed" / name).read_text(encoding="utf-8")
    assert text.count("tcp://127.0.0.1:5555") == 1
    copy = folder / name
    copy.write_text(text.replace("5555", str(port)), encoding="utf-8")
    return copy
