"""`zroute serve`: zerorpc's callers, and streams from its workers."""

import contextlib
import re

import msgpack
import pytest
import zmq

from channel import Channel
from plain import Dealer, Peer, request
from processes import wait_until
from programs import PEERS, TRANSPORT
from serving import Supervisor

KNOWS_PEERS = TRANSPORT == "zmtp"
"""libzmq does not tell who called."""


@pytest.fixture(scope="module")
def supervisor(programs):
    with Supervisor(programs, routes=PEERS / "streams.php", workers=2) as supervisor:
        supervisor.wait_for_workers(2)
        yield supervisor
        assert supervisor.is_running, supervisor


def test_a_call_of_each_dialect_is_answered_in_it(supervisor):
    with Channel(supervisor.endpoint, "plus", 1, 2) as call:
        assert call.event() == ("OK", [3])
    with Channel(supervisor.endpoint, "who", access_key="k") as call:
        assert call.event() == ("OK", [["zerorpc", {"access_key": "k"}, KNOWS_PEERS]])
    with Peer(zmq.DEALER, supervisor.endpoint) as peer:
        answer = peer.exchange(b"", msgpack.packb([0, 7, "who", []]))
        assert msgpack.unpackb(answer[1]) == [1, 7, None, ["msgpack-rpc", [], KNOWS_PEERS]]


def test_a_stream_of_a_worker_comes_as_its_caller_takes_it(supervisor):
    with Channel(supervisor.endpoint, "count", 1000) as stream:
        for item in range(1000):
            assert stream.event() == ("STREAM", item)
            if item % 100 == 0:
                stream.more(100)
        assert stream.event() == ("STREAM_DONE", None)


def test_other_callers_get_the_list(supervisor):
    with Dealer(supervisor.endpoint) as dealer:
        assert dealer.call("count", [5]) == [0, 1, 2, 3, 4]


def test_streams_that_nobody_reads_keep_no_worker_from_others(supervisor):
    stuck = [Channel(supervisor.endpoint, "count", 10) for _ in range(8)]
    try:
        for stream in stuck:
            assert stream.event() == ("STREAM", 0)
        with Dealer(supervisor.endpoint) as dealer:
            assert dealer.call("nap", [20]) == 20
            assert dealer.call("plus", [1, 2]) == 3
        for stream in stuck:
            stream.more(20)
            assert [stream.event() for _ in range(9)] == [("STREAM", item) for item in range(1, 10)]
            assert stream.event() == ("STREAM_DONE", None)
    finally:
        for stream in stuck:
            stream.__exit__()


def test_a_stream_that_fails_or_whose_worker_dies_ends_with_the_reason(supervisor):
    for function, name in ("fails", "Broken"), ("dies", "WorkerDied"):
        with Channel(supervisor.endpoint, function) as stream:
            assert stream.event() == ("STREAM", 1)
            stream.more(10)
            told, args = stream.event()
            assert (told, args[0], args[2]) == ("ERR", name, None)
    supervisor.wait_for_workers(2)


def test_the_generator_of_a_caller_that_has_gone_is_destroyed(supervisor, tmp_path):
    ended = tmp_path / "ended"
    with Channel(supervisor.endpoint, "noted", str(ended)) as stream:
        stream.more(3)
        assert stream.event() == ("STREAM", 1)
    wait_until(ended.exists, "the generator's end")


def test_heartbeats_come_while_a_worker_is_busy(supervisor):
    with Channel(supervisor.endpoint, "nap", 6000) as call:
        assert call.event(heartbeats=True) == ("_zpc_hb", [0])
        assert call.event() == ("OK", [6000])


def test_callers_that_are_given_up_are_told_in_the_log(programs):
    """A few by name, the others by their number."""
    with Supervisor(programs, "--stream-stall=1s", routes=PEERS / "streams.php", workers=3) as supervisor:
        supervisor.wait_for_workers(3)

        def named(why):
            at = r" at 127\.0\.0\.1:\d+" if KNOWS_PEERS else ""
            why = f"was given up: {why}; it had called '(?:nap|count)' \\d+\\.\\d s before, on channel call$"
            return re.findall(f"(warn|info) +a zerorpc caller{at} {why}", supervisor.errors, re.M)

        def told():
            more = re.findall(r"info +(\d+) more zerorpc callers were given up", supervisor.errors)
            return len(re.findall("was given up", supervisor.errors)) + sum(map(int, more))

        with contextlib.ExitStack() as stack:
            with Channel(supervisor.endpoint, "nap", 12_000) as gone:
                assert gone.event(heartbeats=True)[0] == "_zpc_hb"
            silent = stack.enter_context(Channel(supervisor.endpoint, "nap", 12_000))
            wait_until(lambda: told() == 1, "the loss of a caller")
            stuck = [stack.enter_context(Channel(supervisor.endpoint, "count", 10)) for _ in range(8)]
            for stream in stuck:
                assert stream.event() == ("STREAM", 0)
            for stream in stuck:
                assert stream.event()[0] == "ERR"
            wait_until(lambda: told() == 10, "all of them")
            stats = supervisor.stats()
            assert (stats["callers_lost"], stats["callers_stalled"]) == (2, 8)
            assert silent.event(heartbeats=True)[0] == "_zpc_hb"
        stalled = named("it took nothing of its stream")
        assert set(stalled) == {"warn"} and 3 <= len(stalled) <= 5, supervisor.errors
        assert len(re.findall("was given up", supervisor.errors)) < 10
