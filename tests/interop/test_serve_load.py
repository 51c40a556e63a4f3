"""`zroute serve`: more callers, and ruder ones, than it would like.

The quick forms; `make campaign-serve` makes the same tests as long as the promises.
"""

import contextlib
import json
import os
import resource
import select
import socket

import pytest

import zmtp
from callers import served_all_the_time
from plain import Dealer, request
from processes import PATIENCE, Process, wait_until
from programs import python
from serving import Supervisor, kill
from zmtp import Session

pytestmark = pytest.mark.usefixtures("alone")

CLIENTS = int(os.environ.get("SERVE_CLIENTS") or 3000)
UNREAD = int(os.environ.get("SERVE_UNREAD") or 300)
SILENT = int(os.environ.get("SERVE_SILENT") or 300)
DESCRIPTORS = 120


@pytest.fixture
def supervisor(programs):
    with Supervisor(programs) as supervisor:
        supervisor.wait_for_workers(2)
        yield supervisor
        with Dealer(supervisor.endpoint) as dealer:
            dealer.assert_served()


def test_thousands_of_clients_at_once_each_get_their_answer(supervisor, remarks):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert most > CLIENTS + 200, f"this test needs `ulimit -Hn` above {CLIENTS + 200}, it is {most}"
    with Process(python("ten_thousand_clients.py", supervisor.endpoint, CLIENTS)) as clients:
        output = clients.read_all(4 * PATIENCE)
        assert output, clients
        report = json.loads(output)
    assert (report["connected"], report["answered"]) == (CLIENTS, CLIENTS), report
    remarks.append(
        f"{CLIENTS} clients of zroute serve: connected in {report['connect_seconds']} s, "
        f"then all answered in {report['answer_seconds']} s"
    )


@pytest.mark.zmtp("it keeps a thousand messages a peer, whatever their size")
def test_a_client_that_never_reads_costs_a_bounded_amount(supervisor, remarks):
    with served_all_the_time(supervisor) as caller:
        caller.wait_for_answers(100)
        before = most = supervisor.memory
        with Session.introduced(supervisor.endpoint) as deaf:
            deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            call = zmtp.message(b"", request("fill", [1 << 20]))
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                deaf.send(call * UNREAD)

            def settled():
                nonlocal most
                most = max(most, supervisor.memory)
                return supervisor.stats()["open"] <= 2

            wait_until(settled, "its calls to have run")
            caller.wait_for_answers(100)
        remarks.append(
            f"a client that never reads {UNREAD} answers of 1 MiB: the supervisor grew by {(most - before) >> 20} MiB"
        )
        assert most - before < 128 << 20


def test_silent_connections_disturb_nobody(supervisor):
    sockets = supervisor.sockets
    with contextlib.ExitStack() as stack:
        for _ in range(SILENT):
            stack.enter_context(Session(supervisor.endpoint))
        with Dealer(supervisor.endpoint) as dealer:
            dealer.assert_served()
        if SILENT >= 1000:
            # After handshake_ms they are let go, though they stay.
            supervisor.wait_for_sockets(sockets + 10)


@pytest.mark.zmtp("its thread spins while it cannot accept")
def test_without_descriptors_workers_are_still_replaced_and_nothing_spins(programs, remarks):
    with Supervisor(programs, prefix=["sh", "-c", f'ulimit -n {DESCRIPTORS} && exec "$@"', "sh"]) as supervisor:
        before = supervisor.wait_for_workers(2)
        with contextlib.ExitStack() as stack, Dealer(supervisor.endpoint) as dealer:
            dealer.assert_served()
            for _ in range(2 * DESCRIPTORS):
                session = stack.enter_context(Session(supervisor.endpoint))
                session.send(zmtp.greeting(version=(3, 1)) + zmtp.ready(b"REQ"))
            wait_until(lambda: supervisor.descriptors >= DESCRIPTORS - 2, "the supervisor to be full")
            seconds, began = 1, supervisor.cpu_seconds
            select.select([], [], [], seconds)
            share = (supervisor.cpu_seconds - began) / seconds
            remarks.append(f"zroute serve without a descriptor uses {share:.0%} of a processor")
            assert share < 0.5
            for _ in range(3):
                for pid in before:
                    kill(pid)

                def replaced():
                    dealer.assert_served()
                    workers = dealer.call("zroute.stats", [])["workers"]
                    up = {worker["pid"] for worker in workers if worker["state"] == "idle"}
                    return up if len(up) == 2 and not up & set(before) else None

                wait_until(replaced, "other workers")
                before = replaced()
