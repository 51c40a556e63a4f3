"""php-fpm under test."""

import getpass
import os
import shutil
import signal
import socket
import struct
import subprocess

from processes import PATIENCE, Process, threads_of, wait_until

# Record types of the FastCGI specification, 8.
BEGIN_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def fpm_program(php):
    """php-fpm of the same version."""
    script = 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;'
    version = subprocess.run([php, "-n", "-r", script], capture_output=True, text=True, check=True).stdout
    path = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
    program = shutil.which(f"php-fpm{version}", path=path) or shutil.which("php-fpm", path=path)
    assert program, f"there is no php-fpm of PHP {version}"
    return program


class Fpm(Process):
    """php-fpm with so many workers, in a folder of its own; with these arguments, and this environment for the pages."""

    def __init__(self, php, folder, workers, arguments, **environment):
        self.socket = folder / "fpm.sock"
        configuration = folder / "fpm.conf"
        configuration.write_text(
            f"[global]\nerror_log = {folder}/fpm.log\nprocess_control_timeout = {PATIENCE}\n"
            f"[www]\nuser = {getpass.getuser()}\nlisten = {self.socket}\nclear_env = no\ncatch_workers_output = yes\n"
            f"pm = static\npm.max_children = {workers}\n",
            encoding="utf-8",
        )
        command = [fpm_program(php), "-n", "--nodaemonize", "--fpm-config", configuration]
        root = ["--allow-to-run-as-root"] if os.geteuid() == 0 else []
        super().__init__([*command, *root, *arguments], **environment)
        self._count = workers

    def __enter__(self):
        super().__enter__()
        try:
            wait_until(lambda: self.socket.exists() and len(self.workers) == self._count, f"the workers of {self}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # It takes its workers along.
        if self.is_running:
            self.send_signal(signal.SIGTERM)
            self.wait()
        super().__exit__()

    @property
    def workers(self):
        """Their process ids."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as children:
            return [int(pid) for pid in children.read().split()]

    @staticmethod
    def resolvers(worker):
        """How many threads of a worker ask Consul."""
        return threads_of(worker).count("zroute-resolver")

    def reload(self):
        """Has all workers replaced; those that have a request finish it."""
        before = set(self.workers)
        self.send_signal(signal.SIGUSR2)
        wait_until(
            lambda: len(self.workers) == self._count and before.isdisjoint(self.workers), f"new workers of {self}"
        )

    def get(self, parameters):
        """Headers and body of a page."""
        pairs = b"".join(
            struct.pack("!II", len(name) | 1 << 31, len(value) | 1 << 31) + name.encode() + value.encode()
            for name, value in parameters.items()
        )
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(self.socket))
            # A responder; the connection is closed behind the answer.
            connection.sendall(
                _record(BEGIN_REQUEST, struct.pack("!HB5x", 1, 0))
                + _record(PARAMS, pairs)
                + _record(PARAMS, b"")
                + _record(STDIN, b"")
            )
            output = b""
            with connection.makefile("rb") as answer:
                while len(header := answer.read(8)) == 8:
                    kind, length, padding = struct.unpack("!xBxxHBx", header)
                    content = answer.read(length + padding)[:length]
                    if kind == STDOUT:
                        output += content
                    elif kind == END_REQUEST:
                        head, _, body = output.decode().partition("\r\n\r\n")
                        return head, body
        raise AssertionError(f"{self} ended its answer early: {output!r}")


def _record(kind, content):
    return struct.pack("!BBHHxx", 1, kind, 1, len(content)) + content
