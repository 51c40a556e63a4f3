"""The programs that the tests start, in PHP and in C, with the library under test."""

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import msgpack

from processes import PATIENCE, Listener, Process

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PEERS = HERE / "peers"


class Client(Process):
    """A client of the library that makes the calls it is handed."""

    unmatched = 0
    """Messages so far that belonged to no call in flight."""

    def calls(self, calls, timeout_ms=PATIENCE * 1000):
        """Makes the calls, each (function, parameters) or with its own timeout, all at once.

        Returns [kind, value] of each: answer, fault, timeout, not connected, invalid.
        """
        message = msgpack.packb([[*call, timeout_ms][:3] for call in calls])
        self.write(len(message).to_bytes(4, "big") + message)
        size = int.from_bytes(self.read(4), "big")
        results, self.unmatched = msgpack.unpackb(self.read(size), strict_map_key=False)
        return results

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

    def server(self, language, endpoint="tcp://127.0.0.1:0", memory_limit="1G", **options):
        """peers/server.php or peers/server.c, with these options; the limit is PHP's."""
        command = self._command(language, "server", endpoint, options, memory_limit)
        return Listener(command, **self.environment)

    def client(self, language, endpoint, **options):
        """peers/client.php or peers/client.c, with these options."""
        return Client(self._command(language, "client", endpoint, options), **self.environment)

    def _command(self, language, name, endpoint, options, memory_limit="1G"):
        program = {
            "php": lambda: [*self.php, "-d", f"memory_limit={memory_limit}", PEERS / f"{name}.php"],
            "c": lambda: [self._compiled(name)],
        }[language]()
        return [*program, endpoint, *(f"{option}={value}" for option, value in options.items())]

    def _compiled(self, name):
        program = self.build / name
        if not program.exists():
            subprocess.run(
                [
                    *shlex.split(os.environ.get("CC") or "cc"),
                    *"-std=c99 -Wall -Wextra -Werror -pedantic -g -o".split(),
                    program,
                    PEERS / f"{name}.c",
                    f"-I{ROOT / 'include'}",
                    f"-L{self.build}",
                    f"-Wl,-rpath,{self.build}",
                    "-lzroute",
                ],
                check=True,
            )
        return program


def python(script, *arguments):
    """The command that runs a script of peers/ with this Python."""
    return [sys.executable, PEERS / script, *arguments]


def free_port():
    """A port that nobody listens on; for programs that cannot say which one they got."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def seed_script(name, port, folder):
    """A copy of a script of seed/ in which the port is another and all else is word for word."""
    text = (HERE / "seed" / name).read_text(encoding="utf-8")
    assert text.count("tcp://127.0.0.1:5555") == 1
    copy = folder / name
    copy.write_text(text.replace("5555", str(port)), encoding="utf-8")
    return copy
