"""Callers of zerorpc that are there and take nothing: their streams come to an end too."""

import contextlib
import time

import pytest
import zmq

from plain import Dealer
from processes import wait_until
from serving import of_all_dialects, shared_by_tests
from zerorpc import RawClient, event
from zmtp import Session, message

STALL_MS = 5000
"""Longer than one who reads gets no time on a busy machine."""
MIB = 1 << 20


@pytest.fixture(scope="module", params=["php", "c", "serve"])
def impatient(request, programs):
    """A server that lets such callers go sooner than most."""
    options = [f"--stream-stall={STALL_MS}ms", "--name=impatient"]
    server = of_all_dialects(programs, request.param, options, stream_stall_ms=STALL_MS, name="impatient")
    with shared_by_tests(server, request.param):
        yield server


def test_who_takes_nothing_is_let_go_and_told(impatient, tmp_path):
    note = tmp_path / "note"
    with RawClient(impatient.endpoint) as stuck, RawClient(impatient.endpoint) as reader:
        channel = stuck.open("endless", str(note))
        assert stuck.hear(channel)[1:] == ("STREAM", 0)
        taken = reader.open("count", 10_000)
        item = 0
        stuck.socket.rcvtimeo = 20
        told = None
        while told is None:
            # The one is alive, the other takes an item now and then.
            stuck.beat(channel)
            stuck.grant(channel, 0)
            assert reader.hear(taken)[1:] == ("STREAM", item)
            reader.grant(taken, 1)
            item += 1
            with contextlib.suppress(zmq.Again):
                told = stuck.hear(channel)[1:]
        name, (fault, text, traceback) = told
        assert (name, fault, traceback) == ("ERR", "Cancelled", None)
        assert f"{STALL_MS} ms" in text
        wait_until(note.exists, "the generator's end")
        # Nothing more is said on that channel, and the other one goes on.
        assert reader.hear(taken)[1:] == ("STREAM", item)
        reader.grant(taken, 10_001)
        while (heard := reader.hear(taken)[1:]) != ("STREAM_DONE", None):
            item += 1
            assert heard == ("STREAM", item)
        assert item == 9_999
        reader.assert_served()
    with Dealer(impatient.endpoint) as dealer:
        assert dealer.call("zroute.stats", [])["faults_cancelled"] == 1


def test_who_grants_without_end_and_reads_nothing_is_let_go(impatient, tmp_path, remarks):
    """It says that it is there, and takes ever more; but what comes stays in its socket."""
    note = tmp_path / "note"
    impatient.forget_peak_memory()
    before, began = impatient.memory, time.monotonic()
    with Session.introduced(impatient.endpoint, receive_buffer=4096) as deaf, RawClient(impatient.endpoint) as other:
        deaf.send(message(b"", event(b"deaf", "endless", [str(note)])))
        deaf.send(message(b"", event(b"more", "_zpc_more", [2**32 - 1], response_to=b"deaf")))
        alive = [event(b"beat", "_zpc_hb", [0], response_to=b"deaf"), event(b"one", "_zpc_more", [1], response_to=b"deaf")]

        def is_let_go():
            for said in alive:
                deaf.send(message(b"", said))
            other.assert_served()
            return note.exists()

        wait_until(is_let_go, "the end of its stream")
    took, grown = time.monotonic() - began, impatient.peak_memory - before
    remarks.append(
        f"{impatient.kind} let a caller go that read nothing after {took:.1f} s, and had grown by {grown >> 10} KiB"
    )
    assert grown < 16 * MIB


def test_a_server_tells_the_name_that_it_was_given(impatient):
    with RawClient(impatient.endpoint) as client:
        assert client.call("_zerorpc_name") == ("OK", ["impatient"])
        assert client.call("_zerorpc_ping") == ("OK", [["pong", "impatient"]])
