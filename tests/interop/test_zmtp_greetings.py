"""A greeting is understood however its bytes arrive, and a wrong one is refused in bounded time.

Once a call of another peer has been answered, the server has read what was sent before it.
"""

import pytest

import zmtp
from plain import GOOD
from zmtp import Session

HANDSHAKE = zmtp.greeting(version=(3, 1)) + zmtp.ready(b"DEALER")


def test_a_session_of_one_byte_a_packet_is_served(server, dealer):
    with Session(server.endpoint) as session:
        for byte in HANDSHAKE:
            session.send(bytes([byte]))
            dealer.assert_served()
        session.expect_ready()
        for byte in zmtp.message(b"id", b"", GOOD):
            session.send(bytes([byte]))
            dealer.assert_served()
        assert session.read_message()[:-1] == [b"id", b""]
        assert session.is_served()


def test_a_handshake_split_at_every_offset_is_served(server, dealer):
    for offset in range(1, len(HANDSHAKE)):
        with Session(server.endpoint) as session:
            session.send(HANDSHAKE[:offset])
            dealer.assert_served()
            session.send(HANDSHAKE[offset:])
            session.expect_ready()
            assert session.is_served(), offset


def test_a_message_split_at_every_offset_is_served(server, dealer):
    whole = zmtp.message(b"i" * 300, b"", GOOD)
    with Session.introduced(server.endpoint) as session:
        for offset in range(1, len(whole)):
            session.send(whole[:offset])
            dealer.assert_served()
            session.send(whole[offset:])
            assert session.read_message()[:-1] == [b"i" * 300, b""], offset


@pytest.mark.zmtp("it may end a peer that sends messages before the handshake is over")
def test_a_whole_session_in_one_packet_is_served_or_refused(server, dealer):
    with Session(server.endpoint) as session:
        session.send(HANDSHAKE + zmtp.message(b"", GOOD))
        session.expect_ready()
        assert session.read_message()[0] == b""


VERSIONS = [(3, 0), (3, 1), (3, 2), (3, 255), (4, 0), (4, 1), (255, 0)]


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_a_version_of_3_0_or_later_is_served(server, dealer, version):
    with Session.introduced(server.endpoint, version=version) as session:
        assert session.is_served()


def test_the_server_sends_its_own_greeting(server, dealer):
    with Session(server.endpoint) as session:
        session.send(HANDSHAKE)
        greeting = session.read_greeting()
        assert greeting[0] == 0xFF and greeting[9] == 0x7F
        assert greeting[10] == 3
        assert greeting[12:32] == b"NULL".ljust(20, b"\0")
        assert greeting[33:] == bytes(31)


OLDER = {
    "ZMTP 2.0": b"\xff" + bytes(8) + b"\x7f\x01\x05" + b"\x00\x00",
    "ZMTP 2.1": b"\xff" + bytes(8) + b"\x7f\x02\x05" + b"\x00\x00",
    "ZMTP 1.0": b"\x01\x00",
    "ZMTP 1.0 with a message": b"\x01\x00" + b"\x01\x01" + b"\x12\x00" + b"x" * 17,
    "version 0": zmtp.greeting(version=(0, 0)),
    "version 1": zmtp.greeting(version=(1, 0)),
    "version 2": zmtp.greeting(version=(2, 0)),
}


@pytest.mark.zmtp("it serves these old protocols")
@pytest.mark.parametrize("what", OLDER)
def test_older_versions_are_refused(programs, language, what):
    with programs.server(language, handshake_ms=300) as server:
        with Session.introduced_in_time(server.endpoint) as good, Session(server.endpoint) as session:
            session.send(OLDER[what])
            assert session.is_ended()
            assert good.is_served()


WRONG = {
    "a mechanism that is none": zmtp.greeting(b"NONE"),
    "a mechanism that is not offered": zmtp.greeting(b"PLAIN"),
    "CURVE": zmtp.greeting(b"CURVE"),
    "no mechanism": zmtp.greeting(b""),
    "a mechanism in small letters": zmtp.greeting(b"null"),
    "a mechanism that fills its field": zmtp.greeting(b"NULL" * 5),
    "a mechanism that begins well": zmtp.greeting(b"NULLS"),
    "a signature that begins wrong": b"\xfe" + zmtp.greeting()[1:],
    "a greeting of zeros": bytes(64),
    "a greeting of ones": b"\xff" * 64,
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_greetings_are_refused(programs, language, what):
    with programs.server(language, handshake_ms=300) as server:
        with Session.introduced_in_time(server.endpoint) as good:
            for rest in (b"", zmtp.ready(b"DEALER"), zmtp.ready(b"DEALER") + bytes(1000)):
                with Session(server.endpoint) as session:
                    session.send(WRONG[what] + rest)
                    assert session.is_ended()
                assert good.is_served()


def test_what_has_no_meaning_in_a_greeting_is_ignored(server, dealer):
    noise = bytearray(HANDSHAKE)
    noise[1:9] = b"\x01\x02\x03\x04\x05\x06\x07\x08"  # the signature's padding
    noise[33:64] = b"\xaa" * 31  # the filler
    with Session(server.endpoint) as session:
        session.send(bytes(noise))
        session.expect_ready()
        assert session.is_served()
