"""Heartbeats of zerorpc: a handler that works for long keeps its caller, and those who wait for it."""

import concurrent.futures
import contextlib
import itertools
import os

import pytest

from processes import PATIENCE, wait_until
from programs import TRANSPORT
from serving import Supervisor
from zerorpc import RawClient

MILLISECONDS = int(os.environ.get("DIALECTS_NAP") or 14_000)
"""A caller sends a heartbeat every 5 s, and gives its server up after two missed ones."""


IN_PROCESS = ("php", "c") if TRANSPORT == "zmtp" else ()
"""Those that beat while a handler works; over libzmq nothing does."""


@pytest.fixture(scope="module")
def supervisor(programs):
    with Supervisor(programs, workers=4) as supervisor:
        supervisor.wait_for_workers(4)
        yield supervisor


@pytest.fixture
def servers(programs, supervisor):
    """Two of each kind: in process there is one handler at a time."""
    with contextlib.ExitStack() as stack:
        yield [supervisor] * 2 + [
            stack.enter_context(programs.server(language)) for language in IN_PROCESS for _ in range(2)
        ]


def test_a_server_beats_while_its_handler_works(servers):
    """On every channel: that of the handler's call, and that of a stream which waits for room."""
    # Each has to be listened to at once, because each has to be answered in time.
    with concurrent.futures.ThreadPoolExecutor() as threads:
        for outcome in [threads.submit(keep_two_channels, server) for server in servers[::2]]:
            outcome.result()


def keep_two_channels(server):
    with RawClient(server.endpoint) as client, RawClient(server.endpoint) as late:
        client.socket.rcvtimeo = MILLISECONDS + PATIENCE * 1000
        stream = client.open("count", 10)
        assert client.hear(stream) == (stream, "STREAM", 0), server
        nap = client.open("nap", MILLISECONDS)
        beats = {stream: 0, nap: 0}
        while (heard := client.hear_any(stream, nap))[1] == "_zpc_hb":
            beats[heard[0]] += 1
            client.beat(heard[0])
            if sum(beats.values()) == 1:
                # The handler runs. In process nobody has taken this call before its end.
                waiting = late.open("plus", 1, 2)
        assert heard == (nap, "OK"), server
        early = late.hear_any(waiting)
        assert early == (waiting, "OK" if isinstance(server, Supervisor) else "_zpc_hb"), server
        assert min(beats.values()) >= 2, (beats, server)
        client.grant(stream, 100)
        told = [client.hear(stream)[1:] for _ in range(10)]
        assert told == [*(("STREAM", item) for item in range(1, 10)), ("STREAM_DONE", None)], server


def test_a_caller_whose_handler_works_for_long_is_not_lost(servers, zerorpc_python, zerorpc_node):
    assert_answered(servers, itertools.cycle([zerorpc_python, zerorpc_node]), MILLISECONDS)


@pytest.mark.skipif(TRANSPORT == "zmtp", reason="there a handler may work for longer")
def test_over_libzmq_a_handler_in_process_may_work_for_less_than_ten_seconds(programs, zerorpc_python, zerorpc_node):
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(programs.server(language)) for language in ("php", "c") for _ in range(2)]
        assert_answered(servers, itertools.cycle([zerorpc_python, zerorpc_node]), 7_000)


def assert_answered(servers, peers, milliseconds):
    """Calls all of them at once."""
    timeout = milliseconds // 500 + 60
    orders = [
        (server, peer, peer.begin("call", server, function="nap", arguments=[milliseconds], timeout=timeout))
        for server, peer in zip(servers, peers)
    ]
    waiting = []
    for server, peer, _ in orders if TRANSPORT == "zmtp" else ():
        if not isinstance(server, Supervisor):
            # It has one when its handler has begun.
            wait_until(lambda: "zroute-keeper" in server.threads, f"the handler of {server}")
            order = peer.begin("call", server, function="plus", arguments=[1, 2], timeout=timeout)
            waiting.append((server, peer, order))
    for server, peer, order in orders:
        told = peer.finish(order, milliseconds / 500 + 2 * PATIENCE)
        assert told.get("answer") == milliseconds, (told, server)
    for server, peer, order in waiting:
        assert peer.finish(order).get("answer") == 3, server
