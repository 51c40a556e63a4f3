"""Bodies and envelopes of any size arrive as they were sent, around every limit of a frame's head."""

import contextlib
import random

import pytest
import zmq

import zmtp
from plain import TOO_LARGE, Dealer, Peer, code, fault, read, request

SIZES = [
    0, 1, 2, 7, 8, 9, 127, 128, 254, 255, 256, 257, 4095, 4096, 8191, 8192, 8193,
    65534, 65535, 65536, 65537, 131072, 1 << 20, (1 << 20) + 1,
]  # fmt: skip


def body_of(size):
    """Bytes that are no call: the first is no map. An empty body is none either."""
    return (b"\x00" + random.Random(size).randbytes(size))[:size]


@pytest.fixture(scope="module")
def raw(programs, language):
    """A server that sends back whatever is no call."""
    with programs.server(language, raw="echo") as server:
        yield server
        assert server.is_running, f"the server has ended: {server}"


@pytest.mark.parametrize("envelope", [[], [b""], [b"id", b""]], ids=["bare", "REQ", "DEALER"])
def test_a_body_of_any_size_comes_back(raw, envelope):
    with Peer(zmq.DEALER, raw.endpoint) as peer:
        for size in SIZES if envelope else SIZES[1:]:
            assert peer.exchange(*envelope, body_of(size)) == [*envelope, body_of(size)], size


def test_bodies_of_every_size_about_a_frames_head_come_back_in_order(raw):
    sizes = [*range(1, 600), *range(65530, 65545)]
    with Peer(zmq.DEALER, raw.endpoint) as peer:
        for size in sizes:
            peer.send(b"", body_of(size))
        for size in sizes:
            assert peer.receive() == [b"", body_of(size)], size


def test_long_heads_are_only_for_long_frames(raw):
    # A frame of 255 bytes has a short head; whoever reads strictly refuses a long one.
    for size in (1, 255, 256, 65536):
        with zmtp.Session.introduced(raw.endpoint) as session:
            session.send(zmtp.message(b"", body_of(size)))
            assert session.read_frame() == (1, b"")
            assert session.read_frame() == (2 if size > 255 else 0, body_of(size))


@pytest.mark.parametrize("size", SIZES)
def test_a_value_of_any_size_comes_back_to_our_client(programs, server, language, size):
    with programs.client(language, server.endpoint) as client:
        text = "\u20ac" * (size // 3) + "x" * (size % 3)
        assert client.call("echo", text) == ["answer", text]


def test_many_large_calls_in_flight_come_back_whole(programs, server, language):
    with programs.client(language, server.endpoint) as client:
        calls = [("echo", [number, chr(65 + number) * 1_000_000]) for number in range(12)]
        assert client.calls(calls) == [["answer", parameters] for _, parameters in calls]


def request_of(size):
    """A call of echo() whose body is so many bytes."""
    parameters = "x" * size
    while (over := len(body := request("echo", parameters)) - size) > 0:
        parameters = parameters[:-over]
    assert len(body) == size
    return body, parameters


@pytest.mark.parametrize("limit", [1000, 65500, 1 << 20])
def test_a_request_of_the_limit_is_answered_and_a_byte_more_is_an_error(programs, language, limit):
    with programs.server(language, max_message=limit) as server, Dealer(server.endpoint) as dealer:
        for _ in range(3):
            body, parameters = request_of(limit)
            assert read(dealer.ask(body)) == parameters
            number, _, message = fault(dealer.ask(request_of(limit + 1)[0]))
            assert number == TOO_LARGE
            assert str(limit + 1) in message and str(limit) in message


def test_a_frame_of_twice_the_limit_is_an_error_and_a_byte_more_ends_the_connection(
    programs, language
):
    limit = 100_000
    with programs.server(language, max_message=limit) as server, Dealer(server.endpoint) as dealer:
        with zmtp.Session.introduced(server.endpoint) as session:
            assert code(session.asked(b"", body_of(2 * limit))[-1]) == TOO_LARGE
            session.send(zmtp.message(b"", body_of(2 * limit + 1)))
            assert session.is_ended()
        dealer.assert_served()


def test_a_call_beyond_the_servers_limit_is_a_fault_for_our_client(programs, language):
    limit = 100_000
    with programs.server(language, max_message=limit) as server:
        with programs.client(language, server.endpoint) as client:
            for size in (limit, 2 * limit - 1000):
                outcome, value = client.call("echo", "x" * size)
                assert (outcome, value[0]) == ("fault", TOO_LARGE)
                # What a request needs beside its parameters is less than this.
                fitting = "x" * (limit - 1000)
                assert client.call("echo", fitting) == ["answer", fitting]


@pytest.mark.parametrize("size", [1, 254, 255, 256, 257, 1000, 4000])
def test_an_envelope_frame_of_any_size_comes_back(raw, size):
    frame = b"\x01" * size
    with Peer(zmq.DEALER, raw.endpoint) as peer:
        for envelope in ([frame, b""], [b"hop", frame, b""], [frame, b"id", b""]):
            assert peer.exchange(*envelope, b"body") == [*envelope, b"body"]


def test_an_envelope_of_a_hundred_frames_comes_back(server):
    envelope = [b"%d" % number for number in range(100)] + [b""]
    with Peer(zmq.DEALER, server.endpoint) as peer:
        for number in range(10):
            *frames, body = peer.exchange(*envelope, request("echo", [number]))
            assert frames == envelope
            assert read(body) == [number]


def test_small_and_large_messages_of_several_peers_do_not_mix(raw):
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(zmq.DEALER, raw.endpoint)) for _ in range(4)]
        bodies = {
            peer: [
                b"\0" + bytes([number]) * (700_000 if (turn + number) % 4 == 0 else 5)
                for turn in range(24)
            ]
            for number, peer in enumerate(peers)
        }
        for turn in range(24):
            for peer in peers:
                peer.send(b"", bodies[peer][turn])
        for peer in peers:
            for body in bodies[peer]:
                assert peer.receive() == [b"", body]
