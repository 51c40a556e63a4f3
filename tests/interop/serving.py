"""`zroute serve` as a process under test."""

import contextlib
import os
import signal

from plain import Dealer
from processes import GONE, Process, wait_until
from programs import PEERS, ROOT

ROUTES = PEERS / "routes.php"


class Supervisor(Process):
    """Serves on a free port; it is up when its endpoint is known."""

    def __init__(self, programs, *options, routes=ROUTES, workers=2, endpoint="tcp://127.0.0.1:*", prefix=()):
        # PHP takes an option and its value as one argument too.
        php = " ".join([*programs.php[1:], "-d extension=posix"]).replace("-d ", "-d").split()
        program = programs.library.parent / "zroute"
        super().__init__(
            [*prefix, program, "serve", routes, f"--bind={endpoint}", f"--workers={workers}"]
            + [f"--php={programs.php[0]}", f"--php-dir={ROOT / 'php'}"]
            + [f"--php-arg={argument}" for argument in php]
            + [str(option) for option in options],
            **programs.environment,
        )
        self.endpoint = None

    def __enter__(self):
        super().__enter__()
        try:
            self.endpoint = self.read_line()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # Killed, it would leave its folder to the next.
        if self.is_running:
            self.send_signal(signal.SIGTERM)
            self.send_signal(signal.SIGTERM)
            self.wait()
        super().__exit__()

    def stats(self):
        with Dealer(self.endpoint) as dealer:
            return dealer.call("zroute.stats", [])

    @property
    def workers(self):
        """The process ids of the workers that are up, from /proc."""
        return [worker["pid"] for worker in self.stats()["workers"] if worker["state"] in ("idle", "busy")]

    def wait_for_workers(self, count):
        wait_until(lambda: len(self.workers) == count, f"{count} workers of {self}")
        return self.workers


def of_all_dialects(programs, kind, serve=(), **options):
    """A server in PHP, in C, or `zroute serve` with its own options; it is yet to be started."""
    return Supervisor(programs, *serve) if kind == "serve" else programs.server(kind, **options)


@contextlib.contextmanager
def shared_by_tests(server, kind):
    """It runs, and outlives all that they do to it."""
    with server:
        server.kind = kind
        if kind == "serve":
            server.wait_for_workers(2)
        yield server
        assert server.is_running, f"the server has ended: {server}"


def is_alive(pid):
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except GONE:
        return False


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
