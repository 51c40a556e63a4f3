"""Callers of zerorpc that grant more than they read: a stream goes as fast as they read."""

import contextlib
import os

import msgpack
import pytest

from serving import of_all_dialects, shared_by_tests
from zerorpc import RawClient, event
from zmtp import Session, message

ITEMS = int(os.environ.get("DIALECTS_SLOW_ITEMS") or 200_000)
GRANTED = 10_000_000
READERS = 3
MIB = 1 << 20
SEND_BUFFER = MIB
"""The systems hold some MiB of a stream that is not read, all of it nobody."""


@pytest.fixture(scope="module", params=["php", "c", "serve"])
def frugal(request, programs):
    """A server that keeps little for those that read slowly."""
    options = [f"--send-buffer={SEND_BUFFER}"]
    server = of_all_dialects(programs, request.param, options, send_buffer=SEND_BUFFER)
    with shared_by_tests(server, request.param):
        yield server


def begin(session):
    """Calls for all items, and takes all of them at once."""
    session.send(message(b"", event(b"slow", "count", [ITEMS])))
    session.send(message(b"", event(b"more", "_zpc_more", [GRANTED], response_to=b"slow")))


def beat(session):
    session.send(message(b"", event(b"beat", "_zpc_hb", [0], response_to=b"slow")))


def events(session):
    """Name and args of what comes."""
    with session.socket.makefile("rb", 1 << 16) as incoming:
        while head := incoming.read(2):
            flags, length = head
            body = incoming.read(length)
            if flags & 1:
                assert body == b"", "a delimiter"
            else:
                header, name, args = msgpack.unpackb(body)
                assert header["response_to"] == b"slow"
                yield name, args


def test_who_grants_much_and_reads_late_gets_all_of_it(frugal, remarks):
    frugal.forget_peak_memory()
    before = frugal.memory
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(Session.introduced(frugal.endpoint, receive_buffer=65536)) for _ in range(READERS)]
        other = stack.enter_context(RawClient(frugal.endpoint))
        for session in slow:
            begin(session)
        # All that the systems hold is drawn meanwhile, and others are served.
        for number in range(500):
            assert other.call("echo", number, 0) == ("OK", [[number, 0]])
        for reader in slow:
            item = 0
            for name, args in events(reader):
                if name == "_zpc_hb":
                    continue
                if name != "STREAM":
                    break
                assert args == item
                item += 1
                if item % 5000 == 0:
                    for session in slow:
                        beat(session)
                    other.assert_served()
            assert (name, args, item) == ("STREAM_DONE", None, ITEMS)
    grown = frugal.peak_memory - before
    remarks.append(f"{frugal.kind} gave {READERS} slow readers {ITEMS} items each, and grew by {grown >> 10} KiB")
    assert grown < 12 * MIB
