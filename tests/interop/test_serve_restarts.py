"""`zroute serve` that is restarted while clients of this library call it."""

import collections
import contextlib
import os
import signal

import pytest

from programs import free_port
from serving import Supervisor
from steady_client import SteadyClient

KILLS = int(os.environ.get("SERVE_RESTARTS") or 3)
"""The promise is of 50 kills, and of 100 rolling restarts."""

pytestmark = pytest.mark.zmtp("its clients see a connection break, and are told to leave")


@contextlib.contextmanager
def calling(programs, endpoints, notes, count, idempotent=False):
    """Clients that call meanwhile; afterwards all calls have to have been answered."""
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(SteadyClient(programs, endpoints, notes, number, idempotent))
            for number in range(count)
        ]
        for client in clients:
            assert client.read_line() == "answered", client
        ends = []
        yield ends
        ends += [client.end() for client in clients]
        failures = collections.Counter(text for _, failures in ends for text in failures)
        assert not failures, failures.most_common(5)


def test_calls_that_may_run_twice_survive_a_supervisor_that_is_killed(programs, tmp_path, remarks):
    notes = tmp_path / "notes"
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    supervisor = Supervisor(programs, endpoint=endpoint).__enter__()
    try:
        with calling(programs, [endpoint], notes, 8, idempotent=True) as ends:
            for _ in range(KILLS):
                supervisor.send_signal(signal.SIGKILL)
                supervisor.wait()
                supervisor.__exit__()
                supervisor = Supervisor(programs, endpoint=endpoint).__enter__()
        remarks.append(f"{KILLS} kills of the supervisor: {sum(end[0] for end in ends)} idempotent calls, none lost")
    finally:
        supervisor.__exit__()


def test_rolling_restarts_of_two_servers_lose_no_call_and_run_none_twice(programs, tmp_path, remarks):
    notes = tmp_path / "notes"
    endpoints = [f"tcp://127.0.0.1:{free_port()}" for _ in range(2)]
    supervisors = [Supervisor(programs, endpoint=endpoint, workers=1).__enter__() for endpoint in endpoints]
    restarts = 2 * KILLS
    try:
        with calling(programs, endpoints, notes, 2) as ends:
            for number in range(restarts):
                which = number % 2
                supervisors[which].send_signal(signal.SIGTERM)
                assert supervisors[which].wait() == 0, supervisors[which]
                supervisors[which].__exit__()
                supervisors[which] = Supervisor(programs, endpoint=endpoints[which], workers=1).__enter__()
        ran = collections.Counter(notes.read_text().split())
        answered = sum(end[0] for end in ends)
        assert max(ran.values()) == 1 and len(ran) == answered
        remarks.append(f"{restarts} rolling restarts: {answered} calls, each answered and run once")
    finally:
        for supervisor in supervisors:
            supervisor.__exit__()
