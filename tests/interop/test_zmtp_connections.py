"""Connections that stop half-way, are reset or trickle: they end, and the others are served."""

import contextlib
import os

import pytest

import zmtp
from plain import GOOD, GOOD_ANSWER, request
from processes import wait_until
from zmtp import Session

HANDSHAKE = zmtp.greeting(version=(3, 1)) + zmtp.ready(b"DEALER")
WHOLE = HANDSHAKE + zmtp.message(b"id", b"", GOOD)
CUTS = [0, 1, 10, 11, 12, 63, 64, 65, 66, len(HANDSHAKE) - 1, len(HANDSHAKE), len(WHOLE) - 1]


@pytest.mark.parametrize("cut", CUTS)
def test_a_connection_that_is_half_closed_ends(server, dealer, cut):
    with Session(server.endpoint) as session:
        session.send(WHOLE[:cut])
        session.hang_up()
        assert session.is_ended()


def test_resets_at_every_offset_disturb_nobody(server, dealer):
    dealer.assert_served()
    before = server.sockets
    for cut in range(len(WHOLE) + 1):
        session = Session(server.endpoint)
        session.send(WHOLE[:cut])
        session.reset()
    dealer.assert_served()
    server.wait_for_sockets(before)


def test_a_reset_while_the_answer_is_written_disturbs_nobody(server, dealer):
    dealer.assert_served()
    before = server.sockets
    for number in range(20):
        session = Session.introduced(server.endpoint, receive_buffer=65_536)
        session.send(zmtp.message(b"", request("echo", "x" * 6_000_000)))
        # The answer has begun, and is more than a kernel holds. So its sender hears of the
        # end even if a busy machine drops the RST, which is sent once: it asks for room.
        session.read_frame()
        session.read(100 * number)
        session.reset()
        dealer.assert_served()
    server.wait_for_sockets(before)


def test_a_reset_while_the_handler_runs_disturbs_nobody(programs, language):
    with programs.server(language) as server, Session.introduced(server.endpoint) as good:
        before = server.sockets
        session = Session.introduced(server.endpoint)
        session.send(zmtp.message(b"", request("hold", [])))
        assert server.read_line() == "holding"
        session.reset()
        server.write(b"go on\n")
        assert good.is_served()
        server.wait_for_sockets(before)


@pytest.mark.parametrize("cut", CUTS[:-2])
def test_who_falls_silent_in_the_handshake_is_let_go(programs, language, cut):
    with programs.server(language, handshake_ms=200) as server:
        with Session.introduced_in_time(server.endpoint) as good, contextlib.ExitStack() as stack:
            before = server.sockets
            silent = [stack.enter_context(Session(server.endpoint)) for _ in range(10)]
            for session in silent:
                session.send(HANDSHAKE[:cut])
            for session in silent:
                assert session.is_ended()
            assert good.is_served()
            server.wait_for_sockets(before)


def test_who_introduced_itself_may_be_silent(programs, language):
    with programs.server(language, handshake_ms=200) as server:
        with Session.introduced_in_time(server.endpoint) as silent, Session(server.endpoint) as other:
            # When this one is let go, the other has been silent for as long.
            assert other.is_ended()
            assert silent.is_served()


def test_a_handshake_that_trickles_is_let_go_all_the_same(programs, language):
    """The time is for the handshake as a whole; it does not begin anew with each byte."""
    with programs.server(language, handshake_ms=200) as server:
        with Session.introduced_in_time(server.endpoint) as good, Session(server.endpoint) as session:
            session.socket.settimeout(0.05)
            came = []
            # 100 bytes in 5 s, 25 times what is allowed.
            for byte in HANDSHAKE[:-1]:
                session.send(bytes([byte]))
                try:
                    came.append(session.socket.recv(4096))
                except TimeoutError:
                    continue
                except ConnectionResetError:
                    came.append(b"")
                if not came[-1]:
                    break
            assert came and came[-1] == b"", "the server waited for the last byte"
            assert good.is_served()


def test_messages_that_trickle_from_many_peers_hold_up_nobody(server, dealer):
    whole = zmtp.message(b"", GOOD)
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(Session.introduced(server.endpoint)) for _ in range(100)]
        for byte in whole:
            for session in slow:
                session.send(bytes([byte]))
            dealer.assert_served()
        for session in slow:
            assert session.read_message() == [b"", GOOD_ANSWER]


def test_who_reads_byte_by_byte_gets_all_and_holds_up_nobody(server, dealer):
    with Session.introduced(server.endpoint) as slow:
        text = "x" * 20_000
        expected = zmtp.message(b"", GOOD_ANSWER)
        slow.send(zmtp.message(b"", request("echo", text)) + zmtp.message(b"", GOOD))
        dealer.assert_served()
        assert slow.read_frame() == (1, b"")
        _, body = slow.read_frame()
        assert body.endswith(text.encode())
        assert b"".join(slow.read(1) for _ in expected) == expected


def cpu_share(server, seconds=1.0):
    """The share of a processor that the server uses while nobody asks anything of it."""
    began = server.cpu_seconds
    ends = os.times().elapsed + seconds
    wait_until(lambda: os.times().elapsed >= ends, "the clock")
    return (server.cpu_seconds - began) / seconds


@pytest.mark.parametrize(
    "left", ["silent", "half a greeting", "half a message", "half closed", "with heartbeats"]
)
def test_connections_that_wait_use_no_processor(programs, language, left):
    with programs.server(language, handshake_ms=60_000) as server:
        with Session.introduced(server.endpoint) as good, contextlib.ExitStack() as stack:
            for _ in range(20):
                if left in ("silent", "half a greeting"):
                    session = stack.enter_context(Session(server.endpoint))
                    session.send(b"" if left == "silent" else HANDSHAKE[:20])
                else:
                    session = stack.enter_context(Session.introduced(server.endpoint))
                if left == "half a message":
                    session.send(WHOLE[len(HANDSHAKE) : -1])
                elif left == "half closed":
                    session.hang_up()
                elif left == "with heartbeats":
                    session.send(zmtp.ping(b"", ttl_ds=600))
            assert good.is_served()
            assert cpu_share(server) < 0.5
            assert good.is_served()
