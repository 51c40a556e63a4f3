"""Streams of zerorpc: whole, in order, as fast as their reader and no faster; and callers that go."""

import contextlib
import os
import signal
import time

import pytest

import packaged_peers
from plain import Dealer
from processes import PATIENCE, wait_until
from streams import streamed
from zerorpc import RawClient

ITEMS = int(os.environ.get("DIALECTS_ITEMS") or 20_000)
MIB = 1 << 20


@pytest.fixture
def raw(served):
    with RawClient(served.endpoint) as raw:
        yield raw
        raw.assert_served()


@pytest.fixture
def note(tmp_path):
    """The file in which a stream notes its end."""
    return tmp_path / "note"


def test_a_long_stream_is_whole_and_in_order(served, zerorpc_peer, remarks):
    if served.kind == "zerorpc" and zerorpc_peer.language == "node":
        pytest.skip("it stops serving after a long stream to Node")
    assert zerorpc_peer.stream(served, "count", 1000)["in_order"] == 1000
    with grows_little(served, zerorpc_peer.language, remarks):
        told = zerorpc_peer.stream(served, "count", ITEMS, timeout=600, patience=20 * PATIENCE)
    assert told == {"items": ITEMS, "in_order": ITEMS, "last": ITEMS - 1}


def test_a_long_stream_to_our_client_is_whole_and_in_order(programs, served, remarks):
    assert streamed(programs, served.endpoint, "count", 1000)["in_order"] == 1000
    with grows_little(served, "our client", remarks):
        told = streamed(programs, served.endpoint, "count", ITEMS)
    assert (told["items"], told["in_order"], told["end"]) == (ITEMS, ITEMS, "done")
    assert told["grown"] < 16 * MIB


@contextlib.contextmanager
def grows_little(served, reader, remarks):
    """Whatever the server needs on the way, it needs at once: its peak is what counts."""
    served.forget_peak_memory()
    before, began = served.memory, time.monotonic()
    yield
    took, grown = time.monotonic() - began, served.peak_memory - before
    remarks.append(f"{served.kind} gave {reader} {ITEMS} items in {took:.1f} s, and grew by {grown >> 10} KiB")
    assert grown < 16 * MIB


@pytest.mark.ours("it stops serving: its receive loop waits for a channel that is being closed")
def test_streams_to_node_leave_the_server_well(served, zerorpc_node, zerorpc_python):
    for _ in range(5):
        assert zerorpc_node.stream(served, "count", 500)["in_order"] == 500
    assert zerorpc_python.call(served, "plus", 1, 2) == {"answer": 3}
    assert zerorpc_node.call(served, "plus", 1, 2)["answer"] == 3


def test_a_stream_of_nothing_ends(served, zerorpc_python):
    assert zerorpc_python.stream(served, "count", 0) == {"items": 0, "in_order": 0, "last": None}


def test_a_stream_that_fails_in_its_midst(served, zerorpc_peer):
    if served.kind == "zerorpc" and zerorpc_peer.language == "node":
        pytest.skip("as above")
    told = zerorpc_peer.stream(served, "stumble", 150)
    assert (told["items"], told["in_order"]) == (150, 150)
    assert told["fault"][:2] == ["NoMoney", "the account holds 3 €"]


def test_one_item_for_each_credit(raw):
    """Each side may send one event before it is told of room for more."""
    channel = raw.open("count", 7)
    assert raw.hear(channel) == (channel, "STREAM", 0)
    other = raw.open("plus", 1, 2)
    assert raw.hear(channel, other) == (other, "OK", [3]), "the stream had no credit"
    raw.grant(channel, 2)
    assert [raw.hear(channel)[2] for _ in range(2)] == [1, 2]
    raw.grant(channel, 1)
    raw.grant(channel, 100)
    assert [raw.hear(channel)[1:] for _ in range(5)] == [("STREAM", n) for n in range(3, 7)] + [("STREAM_DONE", None)]
    # Late, and of no use any more.
    raw.grant(channel, 100)
    raw.beat(channel)


@pytest.mark.ours("it has no such guard")
def test_no_credit_is_too_much(raw):
    channel = raw.open("count", 5)
    for events in [2**63, 2**64 - 1, 2**32, 2**31]:
        raw.grant(channel, events)
    assert [raw.hear(channel)[1] for _ in range(6)] == ["STREAM"] * 5 + ["STREAM_DONE"]


def test_many_streams_at_once(raw):
    channels = [raw.open("count", 50) for _ in range(40)]
    for channel in channels:
        raw.grant(channel, 100)
    heard = {channel: [] for channel in channels}
    for _ in range(40 * 51):
        channel, name, args = raw.hear(*channels)
        heard[channel].append(args if name == "STREAM" else name)
    assert all(items == [*range(50), "STREAM_DONE"] for items in heard.values())


def test_a_reader_that_stops_holds_up_nobody(served, zerorpc_python, note):
    """It keeps its channel alive and takes nothing: the server's memory stays, and others are served."""
    with packaged_peers.zerorpc_python() as reader:
        told = reader.stream(served, "endless", str(note), take=5, then="hold")
        assert told["in_order"] == 5
        served.forget_peak_memory()
        before = served.memory
        for number in range(200):
            assert zerorpc_python.call(served, "echo", number, 0) == {"answer": [number, 0]}
        assert zerorpc_python.stream(served, "count", 2000)["in_order"] == 2000
        assert served.peak_memory - before < 16 * MIB
        assert not note.exists(), "the reader was let go while it was alive"


# A caller that has gone is lost after two missed heartbeats of 5 s. All kinds go at
# once, because each has to be waited for.
def test_a_caller_that_goes_is_noticed_and_its_stream_is_ended(served, tmp_path, remarks):
    notes = [tmp_path / name for name in ("killed", "stopped", "silent", "silenced", "left")]
    with packaged_peers.zerorpc_python() as killed, packaged_peers.zerorpc_python() as stopped, RawClient(
        served.endpoint
    ) as silent, RawClient(served.endpoint) as silenced, packaged_peers.zerorpc_python() as left:
        assert killed.stream(served, "endless", str(notes[0]), take=300, then="hold")["in_order"] == 300
        assert stopped.stream(served, "endless", str(notes[1]), take=300, then="hold")["in_order"] == 300
        for raw, note in (silent, notes[2]), (silenced, notes[3]):
            channel = raw.open("endless", str(note))
            raw.grant(channel, 100)
            assert raw.hear(channel)[1:] == ("STREAM", 0)
        # Its last sign of life.
        silenced.beat(channel)
        # Python's iterator that is dropped closes the channel: no more heartbeats.
        assert left.stream(served, "endless", str(notes[4]), take=300)["in_order"] == 300
        killed.send_signal(signal.SIGKILL)
        stopped.send_signal(signal.SIGSTOP)
        died = time.time()
        try:
            for note in notes:
                wait_until(note.exists, f"the end of the stream of the caller that was {note.name}")
                took = note.stat().st_mtime - died
                remarks.append(f"{served.kind} noticed the caller that was {note.name} after {took:.2f} s")
        finally:
            stopped.send_signal(signal.SIGCONT)
        with RawClient(served.endpoint) as other:
            other.assert_served()


@pytest.mark.ours("it has one dialect")
def test_in_the_plain_dialect_a_stream_is_a_list(served):
    with Dealer(served.endpoint) as dealer:
        assert dealer.call("count", [1000]) == list(range(1000))
        assert dealer.call("count", [0]) == []
