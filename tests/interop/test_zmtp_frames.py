"""After the handshake: what each frame and each command does, and that a bad one harms nobody else."""

import struct

import pytest

import zmtp
from plain import GOOD, GOOD_ANSWER, read, request
from zmtp import Session, command, ping

LONGEST_CONTEXT = 16  # bytes, by ZMTP 3.1


@pytest.fixture
def session(server):
    with Session.introduced(server.endpoint) as session:
        yield session


@pytest.fixture
def good(server):
    """Another session, which has to be served on the same connection afterwards."""
    with Session.introduced(server.endpoint) as good:
        assert good.is_served()
        yield good
        assert good.is_served()


def long_frame(body, more=False):
    return bytes([3 if more else 2]) + struct.pack(">Q", len(body)) + body


def test_long_heads_with_short_sizes_are_legal(session, good):
    for _ in range(3):
        session.send(long_frame(b"id", more=True) + long_frame(b"", more=True) + long_frame(GOOD))
        assert session.read_message() == [b"id", b"", GOOD_ANSWER]


def test_long_commands_with_short_sizes_are_legal(session, good):
    body = ping(b"long")[2:]
    session.send(b"\x06" + struct.pack(">Q", len(body)) + body)
    assert session.read_command() == (b"PONG", b"long")


@pytest.mark.parametrize("size", range(LONGEST_CONTEXT + 1))
def test_a_pong_carries_the_context_of_its_ping(session, good, size):
    context = bytes(range(200, 200 + size))
    session.send(ping(context, ttl_ds=600))
    assert session.read_command() == (b"PONG", context)


def test_many_pings_are_answered_in_order(session, good):
    session.send(b"".join(ping(b"%d" % number) for number in range(500)))
    for number in range(500):
        assert session.read_command() == (b"PONG", b"%d" % number)


def test_pings_among_messages_disturb_none(session, good):
    for number in range(50):
        body = request("echo", [number])
        session.send(ping(b"before") + zmtp.message(b"", body) + ping(b"after"))
    pongs = 0
    answers = []
    while len(answers) < 50 or pongs < 100:
        flags, body = session.read_frame()
        if flags & 4:
            pongs += 1
        elif body:
            answers.append(read(body))
    assert answers == [[number] for number in range(50)]


def test_a_ping_between_the_frames_of_a_message_is_answered_or_ends_the_connection(session, good):
    session.send(zmtp.head(2, more=True) + b"id" + ping(b"between") + zmtp.message(b"", GOOD))
    try:
        assert session.read_command() == (b"PONG", b"between")
        assert session.read_message()[:-1] == [b"id", b""]
    except ConnectionResetError:
        pass


HARMLESS = {
    "a PONG that nobody asked for": command(b"PONG", b"context"),
    "an empty PONG": command(b"PONG"),
    "many PONGs": command(b"PONG", b"context") * 1000,
}


@pytest.mark.parametrize("what", HARMLESS)
def test_commands_that_say_nothing_are_ignored(session, good, what):
    session.send(HARMLESS[what])
    assert session.is_served()


# Each may be ignored or end its own connection; nothing else.
ODD = {
    "a PING with a context of 17 bytes": ping(b"x" * 17),
    "a PING with a context of 1 MiB": ping(b"x" * (1 << 20)),
    "a PING with no time to live": command(b"PING"),
    "a PING with half a time to live": command(b"PING", b"\0"),
    "a PING whose name is cut": b"\x04\x04\x04PIN",
    "an unknown command": command(b"NONSENSE", b"with data"),
    "an unknown command with no data": command(b"X"),
    "an unknown command of 100 KB": command(b"NONSENSE", bytes(100_000)),
    "a command with no name": command(b""),
    "an empty command": b"\x04\x00",
    "a command whose name is too long for it": b"\x04\x03\xffab",
    "a second READY": zmtp.ready(b"DEALER"),
    "a READY of another type": zmtp.ready(b"PUB"),
    "a second greeting": zmtp.GREETING,
    "a HELLO": command(b"HELLO", b"\x04user\x06secret"),
    "a SUBSCRIBE": command(b"SUBSCRIBE", b"topic"),
    "an old subscription": zmtp.message(b"\x01topic"),
    "an ERROR": command(b"ERROR", b"\x05sorry"),
    "an ERROR with no reason": command(b"ERROR"),
    "an ERROR whose reason is too long for it": command(b"ERROR", b"\xffab"),
    "a command that is more": b"\x05" + ping(b"more")[1:],
    "a reserved flag": b"\x08\x01x",
    "all reserved flags": b"\xf8\x01x",
    "all flags": b"\xff" + struct.pack(">Q", 1) + b"x",
    "a message of no delimiter and no body": b"\x00\x00",
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_frame_is_ignored_or_ends_its_own_connection(server, session, good, what):
    before = server.memory
    session.send(ODD[what] + zmtp.message(b"id", b"", GOOD))
    session.hang_up()
    assert session.is_ended()
    assert good.is_served()
    assert server.memory - before < 32 << 20


HUGE = [1 << 30, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, (1 << 64) - 16]


@pytest.mark.parametrize("flags", [2, 3, 6, 7], ids=["last", "more", "command", "both"])
@pytest.mark.parametrize("claim", HUGE)
def test_a_frame_that_claims_to_be_huge_is_refused_unread(server, good, claim, flags):
    before = server.memory
    for _ in range(5):
        with Session.introduced(server.endpoint) as session:
            # Nothing of the frame itself follows: the head alone has to be enough.
            session.send(bytes([flags]) + struct.pack(">Q", claim))
            assert session.is_ended()
    assert good.is_served()
    assert server.memory - before < 32 << 20


def test_frames_that_claim_the_most_that_is_allowed_cost_nothing_until_they_come(server, good):
    before = server.memory
    sessions = [Session.introduced(server.endpoint) for _ in range(50)]
    try:
        for session in sessions:
            session.send(b"\x02" + struct.pack(">Q", 32 << 20) + b"a beginning")
        assert good.is_served()
        # 50 times 32 MiB were claimed.
        assert server.memory - before < 100 << 20
    finally:
        for session in sessions:
            session.socket.close()


@pytest.mark.zmtp("it keeps frames without end")
def test_a_message_of_endless_frames_ends_or_is_cut_off(server, good):
    """Frames that say that more follow, for ever: they must not pile up in the server."""
    before = server.memory
    chunk = b"\x01\x01x" * 100_000
    with Session.introduced(server.endpoint) as session:
        for _ in range(100):
            session.send(chunk)
            assert good.is_served()
        grown = server.memory - before
    assert good.is_served()
    assert grown < 256 << 20
