"""`zroute serve`: signals, new code, and the end."""

import os
import shutil
import signal
import socket
import time

import pytest

from channel import Channel
from plain import HANDLER, SHUTTING_DOWN, Dealer, code, fault, read, request
from processes import PATIENCE, wait_until
from programs import PEERS
from serving import ROUTES, Supervisor, is_alive


def test_sigterm_finishes_what_was_taken(programs, tmp_path):
    with Supervisor(programs) as supervisor, Dealer(supervisor.endpoint) as dealer:
        workers = supervisor.wait_for_workers(2)
        # Two run, the others wait.
        calls = [dealer.submit(request("await", [str(tmp_path / "go on")])) for _ in range(6)]
        wait_until(lambda: supervisor.stats()["queue"]["calls"] == 4, "the calls")
        supervisor.send_signal(signal.SIGTERM)
        wait_until(lambda: "ending" in supervisor.errors, "the end to begin")
        late = dealer.submit(request("plus", [[1]]))
        answered, answer = dealer.collect()
        assert (answered, code(answer)) == (late, SHUTTING_DOWN)
        (tmp_path / "go on").touch()
        answers = dict(dealer.collect() for _ in calls)
        assert answers.keys() == set(calls) and {read(answer) for answer in answers.values()} == {"awaited"}
        assert supervisor.wait() == 0, supervisor
        assert not any(map(is_alive, workers))


def test_sigterm_waits_no_longer_than_the_grace(programs):
    with Supervisor(programs, "--grace=300ms", workers=1) as supervisor, Dealer(supervisor.endpoint) as dealer:
        nap, waits = dealer.submit(request("nap", [60_000])), dealer.submit(request("plus", [[1]]))
        wait_until(lambda: supervisor.stats()["queue"]["calls"] == 1, "the calls")
        supervisor.send_signal(signal.SIGTERM)
        answers = dict(dealer.collect() for _ in range(2))
        assert fault(answers[nap])[:2] == (HANDLER, "WorkerDied")
        assert code(answers[waits]) == SHUTTING_DOWN
        assert supervisor.wait() == 1


def test_streams_that_outlast_the_grace_end_with_the_reason(programs):
    with Supervisor(programs, "--grace=300ms", routes=PEERS / "streams.php", workers=1) as supervisor:
        with Channel(supervisor.endpoint, "count", 10) as takes_nothing:
            assert takes_nothing.event() == ("STREAM", 0)
            supervisor.send_signal(signal.SIGTERM)
            told, args = takes_nothing.event()
            assert (told, args[0]) == ("ERR", "Cancelled")
        assert supervisor.wait() == 1


def test_a_second_sigterm_ends_at_once(programs):
    with Supervisor(programs, workers=1) as supervisor, Dealer(supervisor.endpoint) as dealer:
        nap = dealer.submit(request("nap", [60_000]))
        wait_until(lambda: supervisor.stats()["workers"][0]["state"] == "busy", "the call")
        supervisor.send_signal(signal.SIGTERM)
        wait_until(lambda: "ending" in supervisor.errors, "the end to begin")

        def ended():
            supervisor.send_signal(signal.SIGTERM)
            return not supervisor.is_running

        wait_until(ended, "the end")
        call, body = dealer.collect()
        assert (call, fault(body)[1]) == (nap, "WorkerDied")
        assert supervisor.wait() == 1


def test_signals_that_come_together_are_one_end(programs, tmp_path):
    with Supervisor(programs, workers=1) as supervisor, Dealer(supervisor.endpoint) as dealer:
        running = dealer.submit(request("await", [str(tmp_path / "go on")]))
        wait_until(lambda: supervisor.stats()["workers"][0]["state"] == "busy", "the call")
        # What reaches a process that is stopped reaches it at once when it goes on; of a kind one alone.
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT):
            supervisor.send_signal(number)
        wait_until(lambda: "ending" in supervisor.errors, "the end to begin")
        dealer.ask(request("plus", [[1]]))
        (tmp_path / "go on").touch()
        call, body = dealer.collect()
        assert (call, read(body)) == (running, "awaited")
        assert supervisor.wait() == 0, supervisor


@pytest.fixture
def program(tmp_path):
    """A copy of the routes with a version that can be changed."""
    shutil.copy(ROUTES, tmp_path / "routes.php")
    (tmp_path / "version").write_text("1")
    return tmp_path


def called_meanwhile(dealer, done):
    """Calls until something is so; each call has to be answered with a version. The versions."""
    versions = []
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"waited in vain; {versions[-1:]}"
        versions += [read(answer) for answer in dealer.ask_all([request("version", [])] * 20)]
    return versions


def test_sighup_loads_new_code_and_loses_no_call(programs, program):
    routes = program / "routes.php"
    with Supervisor(programs, routes=routes) as supervisor, Dealer(supervisor.endpoint) as dealer:
        before = supervisor.wait_for_workers(2)
        slow = dealer.submit(request("nap", [1000]))
        (program / "version").write_text("2")
        with Dealer(supervisor.endpoint) as other:
            supervisor.send_signal(signal.SIGHUP)
            versions = called_meanwhile(other, lambda: "reloaded" in supervisor.errors)
            assert set(versions) <= {"1", "2"} and versions == sorted(versions)
            assert other.call("version", []) == "2"
        assert dealer.collect()[0] == slow, "the call that ran goes on"
        wait_until(lambda: not any(map(is_alive, before)), "the old workers to end")


def test_code_that_does_not_load_changes_nothing(programs, program):
    routes = program / "routes.php"
    with Supervisor(programs, routes=routes) as supervisor, Dealer(supervisor.endpoint) as dealer:
        before = sorted(supervisor.wait_for_workers(2))
        routes.write_text("<?php this is no PHP")
        supervisor.send_signal(signal.SIGHUP)
        versions = called_meanwhile(dealer, lambda: "RELOAD FAILED" in supervisor.errors)
        assert set(versions) <= {"1"}
        assert sorted(supervisor.wait_for_workers(2)) == before
        shutil.copy(ROUTES, routes)
        (program / "version").write_text("3")
        supervisor.send_signal(signal.SIGHUP)
        wait_until(lambda: dealer.call("version", []) == "3", "the new code")


def test_watched_files_are_loaded_when_they_change(programs, program):
    routes = program / "routes.php"
    with Supervisor(programs, "--watch", routes=routes) as supervisor, Dealer(supervisor.endpoint) as dealer:
        (program / "version").write_text("2")
        later = time.time() + 10

        def changed():
            os.utime(routes, (later, later))
            return dealer.call("version", []) == "2"

        wait_until(changed, "the new code")


def test_systemd_is_told(programs, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE)
        os.environ["NOTIFY_SOCKET"] = str(tmp_path / "notify")
        os.environ["WATCHDOG_USEC"] = "300000"
        try:
            supervisor = Supervisor(programs, workers=1)
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]

        def expect(text):
            said = []
            while not any(text in one for one in said):
                said.append(manager.recv(4096).decode())

        with supervisor:
            expect("READY=1")
            expect("WATCHDOG=1")
            supervisor.send_signal(signal.SIGHUP)
            expect("RELOADING=1\nMONOTONIC_USEC=")
            expect("READY=1")
            supervisor.send_signal(signal.SIGTERM)
            expect("STOPPING=1")
            assert supervisor.wait() == 0


def test_what_a_killed_supervisor_has_left_is_removed_by_the_next(programs, tmp_path):
    os.environ["RUNTIME_DIRECTORY"] = str(tmp_path)
    try:
        with Supervisor(programs, workers=1) as supervisor:
            supervisor.send_signal(signal.SIGKILL)
            supervisor.wait()
            assert len(list(tmp_path.iterdir())) == 1
        with Supervisor(programs, workers=1) as supervisor:
            assert len(list(tmp_path.iterdir())) == 1
            supervisor.send_signal(signal.SIGTERM)
            assert supervisor.wait() == 0
            assert list(tmp_path.iterdir()) == []
    finally:
        del os.environ["RUNTIME_DIRECTORY"]
