"""Peers that do not even speak ZMTP, stop half-way or never read: the others are served."""

import contextlib
import errno
import random
import socket
import struct

import pytest
import zmtp

from plain import Dealer, request
from processes import PATIENCE


def ends(connection):
    """Whether the server ends the connection, sooner or later."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def send(connection, data):
    """Sends as much as the server takes before it ends the connection."""
    try:
        connection.sendall(data)
    except (ConnectionResetError, BrokenPipeError):
        pass


def hang_up(connection):
    """Tells the server that nothing more comes, if it still listens."""
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError as error:
        assert error.errno == errno.ENOTCONN


GREETING = zmtp.GREETING + zmtp.ready(b"DEALER")

GARBAGE = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "zeros": bytes(10_000),
    "ones": b"\xff" * 10_000,
    "random bytes": random.Random(1).randbytes(100_000),
    "a greeting of another mechanism": zmtp.GREETING.replace(b"NULL\0", b"NONE\0") + bytes(1000),
    "CURVE, which the server does not speak": zmtp.GREETING.replace(b"NULL\0", b"CURVE"),
    "a greeting, then random bytes": zmtp.GREETING + random.Random(2).randbytes(100_000),
    "a command that is none": zmtp.GREETING + b"\x04\x06\x05HELLO",
    "a READY cut short": zmtp.GREETING + b"\x04\x06\x05READY" + b"\x04\x03\xffabc",
    "a property longer than its command": zmtp.GREETING
    + b"\x04\x0c\x05READY\x01a"
    + struct.pack(">I", 0xFFFFFFFF),
    "another kind of socket": zmtp.GREETING + zmtp.ready(b"PUB"),
    "reserved flags": GREETING + b"\xf8\x01x",
    "messages before the handshake has ended": GREETING + zmtp.message(b"", b"\xc0") * 1000,
    "a frame of 8 Ei": GREETING + b"\x02" + struct.pack(">Q", (1 << 63) - 1),
    "a frame of more than 8 Ei": GREETING + b"\x02" + struct.pack(">Q", (1 << 64) - 1),
    "a frame of 1 Gi": GREETING + b"\x02" + struct.pack(">Q", 1 << 30),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_on_the_port_disturbs_nobody(server, dealer, what):
    for _ in range(3):
        with zmtp.connect(server.endpoint, PATIENCE) as connection:
            send(connection, GARBAGE[what])
            dealer.assert_served()
            hang_up(connection)
            assert ends(connection)


def test_connections_that_are_reset_disturb_nobody(server, dealer):
    at_once = struct.pack("ii", 1, 0)
    for number in range(300):
        connection = zmtp.connect(server.endpoint, PATIENCE)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        if number % 3:
            connection.sendall(GREETING[: 1 + number % len(GREETING)])
        connection.close()
    dealer.assert_served()


@pytest.mark.parametrize(
    "beginning",
    [b"", b"\xff", zmtp.GREETING[:10], zmtp.GREETING[:32], zmtp.GREETING, GREETING[:-1]],
    ids=["nothing", "a byte", "a signature", "half a greeting", "a greeting", "half a READY"],
)
def test_who_does_not_finish_the_handshake_is_sent_away(programs, language, beginning):
    with programs.server(language, handshake_ms=200) as server, Dealer(server.endpoint) as dealer:
        silent = [zmtp.connect(server.endpoint, PATIENCE) for _ in range(20)]
        for connection in silent:
            connection.sendall(beginning)
        dealer.assert_served()
        for connection in silent:
            assert ends(connection), "the server keeps a peer that never introduced itself"
            connection.close()
        dealer.assert_served()


def test_who_stops_in_the_middle_of_a_message_disturbs_nobody(server, dealer):
    whole = zmtp.message(b"", request("plus", [1, 2]))
    for cut in range(len(whole)):
        with zmtp.connect(server.endpoint, PATIENCE) as connection:
            zmtp.introduce(connection, b"DEALER")
            connection.sendall(whole[:cut])
            dealer.assert_served()


def test_who_leaves_before_the_answer_disturbs_nobody(server, dealer):
    body = zmtp.message(b"", request("echo", "x" * 10_000))
    for _ in range(200):
        with zmtp.connect(server.endpoint, PATIENCE) as connection:
            zmtp.introduce(connection, b"REQ")
            connection.sendall(body)
    dealer.assert_served()


def test_who_never_reads_disturbs_nobody(programs, language, remarks):
    size, count = 1 << 16, 1500
    options = {"send_buffer": 1 << 20, "send_high_water": 10, "receive_high_water": 10}
    with programs.server(language, **options) as server:
        with Dealer(server.endpoint) as dealer, zmtp.connect(server.endpoint, PATIENCE) as deaf:
            dealer.assert_served()
            before = server.memory
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            zmtp.introduce(deaf, b"DEALER")
            deaf.settimeout(1)
            # It is held up, or let go, or its answers are dropped.
            with contextlib.suppress(TimeoutError, ConnectionError):
                for _ in range(count):
                    deaf.sendall(zmtp.message(b"", request("echo", "x" * size)))
            for number in range(100):
                assert dealer.call("echo", [number]) == [number]
            grown = server.memory - before
            remarks.append(
                f"a peer of the {language} server sends {count * size >> 20} MiB of calls and "
                f"reads no answer: the server grows by {grown >> 20} MiB"
            )
            assert grown < count * size / 2
        assert server.is_running
