"""The READY of a peer: what it has to hold, may hold, and what ends the connection."""

import struct

import pytest

import zmtp
from plain import GOOD
from zmtp import Session, command, metadata, ready

GREETING = zmtp.greeting(version=(3, 1))
TYPE = metadata(b"Socket-Type", b"DEALER")


def is_served_with(server, handshake):
    with Session(server.endpoint) as session:
        session.send(GREETING + handshake)
        try:
            session.expect_ready()
        except (AssertionError, ConnectionResetError, BrokenPipeError):
            assert session.is_ended()
            return False
        return session.is_served()


def is_refused_with(server, handshake):
    """Whether the connection ends, with an ERROR or without, and no call is answered."""
    with Session(server.endpoint) as session:
        session.send(GREETING + handshake + zmtp.message(b"", GOOD))
        try:
            session.read_greeting()
            while True:
                flags, body = session.read_frame()
                assert flags & 4, f"an answer: {body!r:.200}"
        except (ConnectionResetError, BrokenPipeError):
            return True
        except TimeoutError:
            return False


@pytest.mark.parametrize("kind", [b"REQ", b"DEALER", b"ROUTER"])
@pytest.mark.parametrize("version", [(3, 0), (3, 1)], ids=str)
def test_sockets_that_ask_are_served(server, dealer, kind, version):
    with Session.introduced(server.endpoint, kind, version) as session:
        assert session.is_served()


OTHERS = [
    b"REP", b"PUB", b"SUB", b"XPUB", b"XSUB", b"PUSH", b"PULL", b"PAIR", b"STREAM", b"SERVER",
    b"", b"dealer", b"DEALER\0", b"DEALERS", b"DEAL", b"\xff\xfe", b"x" * 1000,
]  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: f"{kind[:20]!r}")
def test_sockets_that_do_not_ask_are_refused(server, dealer, kind):
    assert is_refused_with(server, ready(kind))


ACCEPTED = {
    "no identity": command(b"READY", TYPE),
    "an identity": ready(b"DEALER", b"somebody"),
    "an identity of 255 bytes": ready(b"DEALER", b"\x01" * 255),
    "the names in other letters": command(b"READY", metadata(b"sOCKET-tYPE", b"DEALER")),
    "the type at the end": command(b"READY", metadata(b"Identity", b"me") + TYPE),
    "unknown properties": command(
        b"READY",
        metadata(b"X-Before", b"\0" * 300) + TYPE + metadata(b"x", b"") + metadata(b"Resource", b"r"),
    ),
    "a long head": b"\x06" + struct.pack(">Q", 6 + len(TYPE)) + b"\x05READY" + TYPE,
    "a thousand unknown properties": command(
        b"READY", TYPE + b"".join(metadata(b"X-%d" % number, b"value") for number in range(1000))
    ),
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_a_ready_that_means_well_is_served(server, dealer, what):
    assert is_served_with(server, ACCEPTED[what])


REFUSED = {
    "a property without a value": command(b"READY", TYPE + b"\x01x"),
    "a property without all of its value": command(b"READY", TYPE + b"\x01x\0\0\0\x09short"),
    "a property without its size": command(b"READY", TYPE + b"\x01x\0\0"),
    "a name longer than the command": command(b"READY", TYPE + b"\xffname"),
    "a value that claims 2 Gi": command(b"READY", TYPE + b"\x01x\x7f\xff\xff\xff"),
    "a value that claims 4 Gi": command(b"READY", TYPE + b"\x01x\xff\xff\xff\xff"),
    "the type cut short": command(b"READY", TYPE[:-1]),
    "an empty command": b"\x04\x00",
    "a name longer than its command": b"\x04\x03\x05RE",
    "another command": command(b"STEADY", TYPE),
    "a READY of PLAIN's": command(b"INITIATE", TYPE),
    "PLAIN's first command": command(b"HELLO", b"\x04user\x06secret"),
    "a message": zmtp.message(b"", GOOD),
    "a message that looks like a READY": b"\x00" + ready(b"DEALER")[1:],
    "an ERROR": command(b"ERROR", b"\x03no!"),
    "a PING": zmtp.ping(b"early"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_ready_that_is_none_ends_the_connection(server, dealer, what):
    assert is_refused_with(server, REFUSED[what])


UNDECIDED = {
    "no type": command(b"READY"),
    "no type but an identity": command(b"READY", metadata(b"Identity", b"me")),
    "the type twice": command(b"READY", TYPE + TYPE),
    "two types": command(b"READY", TYPE + metadata(b"Socket-Type", b"REQ")),
    "two identities": command(
        b"READY", TYPE + metadata(b"Identity", b"me") + metadata(b"Identity", b"you")
    ),
    "a property with no name": command(b"READY", TYPE + metadata(b"", b"value")),
    "an identity of 256 bytes": ready(b"DEALER", b"\x01" * 256),
    "an identity that begins with a zero": ready(b"DEALER", b"\0mine"),
    "100 KB of metadata": command(b"READY", TYPE + metadata(b"X-Large", bytes(100_000))),
    "a name of 255 bytes": command(b"READY", TYPE + metadata(b"x" * 255, b"value")),
    "a second READY": ready(b"DEALER") * 2,
    "a frame that is more": b"\x05" + ready(b"DEALER")[1:],
}


@pytest.mark.parametrize("what", UNDECIDED)
def test_a_ready_that_is_odd_is_served_or_ended_and_never_left_waiting(server, dealer, what):
    before = server.memory
    # Either returns in bounded time, or fails.
    is_served_with(server, UNDECIDED[what])
    dealer.assert_served()
    assert server.memory - before < 32 << 20


@pytest.mark.zmtp("it does not ask for one")
def test_a_ready_without_a_type_is_refused(server, dealer):
    assert is_refused_with(server, UNDECIDED["no type"])


def test_the_servers_ready_names_a_router(server, dealer):
    with Session(server.endpoint) as session:
        session.send(GREETING + ready(b"REQ"))
        session.read_greeting()
        name, data = session.read_command()
        assert name == b"READY"
        assert metadata(b"Socket-Type", b"ROUTER") in data


@pytest.mark.parametrize("claim", [1 << 20, 1 << 31, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_a_handshake_that_claims_to_be_huge_costs_nothing(programs, language, claim):
    with programs.server(language, handshake_ms=300) as server:
        with Session.introduced_in_time(server.endpoint) as good:
            before = server.memory
            for flags in (b"\x06", b"\x02"):
                with Session(server.endpoint) as session:
                    session.send(GREETING + flags + struct.pack(">Q", claim) + b"\x05READY" + TYPE)
                    assert session.is_ended()
            assert good.is_served()
            assert server.memory - before < 32 << 20
