"""`zroute serve`: what workers print, and what is said of those that do not come up."""

import os
import signal
import subprocess

import pytest

from plain import Dealer
from processes import wait_until
from serving import Supervisor, kill

BABBLE = """<?php return [
    'plus' => fn (array $data) => array_sum($data),
    // Programs that print as fast as they can, behind the handler's back.
    'babble' => function () {
        exec('for n in 1 2 3; do yes hello >&2 & echo $!; done', $pids);
        return array_map('intval', $pids);
    },
    'spin' => function () {
        for (;;) {
            fwrite(STDERR, str_repeat("hello\\n", 10000));
        }
    },
];"""


def test_workers_that_print_without_end_keep_nobody_waiting(programs, tmp_path):
    routes = tmp_path / "routes.php"
    routes.write_text(BABBLE)
    with Supervisor(programs, "--exec-timeout=10s", routes=routes) as supervisor, Dealer(supervisor.endpoint) as dealer:
        pids = dealer.call("babble", [])
        try:
            for _ in range(20):
                dealer.assert_served()
        finally:
            for pid in pids:
                kill(pid)
        error = dealer.call("spin", [])["__error__"]
        assert error["name"] == "TimeLimit", error


def test_why_a_worker_does_not_come_up_is_told_in_one_line(programs, tmp_path):
    routes = tmp_path / "routes.php"
    routes.write_text("<?php throw new DomainException('there is no tea');")
    supervisor = Supervisor(programs, "--log-level=error", routes=routes, workers=1)
    try:
        assert supervisor.wait() == 1
        first = supervisor.errors.splitlines()[0]
        assert "worker 1 did not come up" in first and f"DomainException: there is no tea in {routes}:1" in first
        assert "Stack trace" not in supervisor.errors
    finally:
        supervisor.__exit__()


def test_a_program_without_functions_is_warned_of(programs, tmp_path):
    routes = tmp_path / "routes.php"
    routes.write_text("<?php return [];")
    with Supervisor(programs, routes=routes, workers=1) as supervisor:
        wait_until(lambda: f"{routes} returns no functions" in supervisor.errors, "a warning")
        routes.write_text("<?php return ['one' => fn () => 1];")
        supervisor.send_signal(signal.SIGHUP)
        wait_until(lambda: "reloaded" in supervisor.errors, "the reload")
        assert supervisor.errors.count("returns no functions") == 1
        routes.write_text("<?php return [];")
        supervisor.send_signal(signal.SIGHUP)
        wait_until(lambda: supervisor.errors.count("returns no functions") == 2, "another warning")


def test_workers_leave_no_files_behind(programs, tmp_path):
    os.environ["RUNTIME_DIRECTORY"] = str(tmp_path)
    try:
        with Supervisor(programs) as supervisor, Dealer(supervisor.endpoint) as dealer:
            before = supervisor.wait_for_workers(2)
            kill(before[0])
            wait_until(lambda: before[0] not in supervisor.wait_for_workers(2), "another worker")
            supervisor.send_signal(signal.SIGHUP)
            (folder,) = tmp_path.iterdir()
            names = {"lock", "3.board", "3.sock", "4.board", "4.sock"}
            wait_until(lambda: {file.name for file in folder.iterdir()} == names, f"{names} alone")
            dealer.assert_served()
    finally:
        del os.environ["RUNTIME_DIRECTORY"]


@pytest.fixture
def full_disk(tmp_path):
    """A file system of its own, and what fills it."""
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path]).returncode:
        pytest.skip("only root can mount a file system")
    try:
        yield tmp_path, tmp_path / "filler"
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_full_disk_keeps_no_supervisor_from_going_on(programs, full_disk):
    folder, filler = full_disk
    os.environ["RUNTIME_DIRECTORY"] = str(folder)
    try:
        with Supervisor(programs, workers=1) as supervisor, Dealer(supervisor.endpoint) as dealer:
            (before,) = supervisor.wait_for_workers(1)
            with pytest.raises(OSError, match="No space"):
                filler.write_bytes(b"x" * (1 << 20))
            supervisor.send_signal(signal.SIGHUP)
            wait_until(lambda: "RELOAD FAILED" in supervisor.errors, "the failure")
            assert "No space" in supervisor.errors
            dealer.assert_served()
            filler.unlink()
            supervisor.send_signal(signal.SIGHUP)
            wait_until(lambda: before not in supervisor.wait_for_workers(1), "another worker")
    finally:
        del os.environ["RUNTIME_DIRECTORY"]
