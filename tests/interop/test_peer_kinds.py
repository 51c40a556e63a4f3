"""Peers of every kind, on the system's libzmq and on a newer one, reach a server and are reached."""

import contextlib

import pytest

from plain import GOOD, GOOD_ANSWER, read, request
from processes import PATIENCE, wait_until
from programs import TRANSPORT

KINDS = {
    "REQ": ("REQ", {}, [], []),
    "REQ with correlation": ("REQ", {"req_correlate": True, "req_relaxed": True}, [], []),
    "REQ with a routing id": ("REQ", {"routing_id": b"somebody"}, [], []),
    "DEALER": ("DEALER", {}, [b""], [b""]),
    "DEALER without a delimiter": ("DEALER", {}, [], []),
    "DEALER with a call id": ("DEALER", {}, [b"\0\0\0\x07", b""], [b"\0\0\0\x07", b""]),
    "DEALER with a routing id": ("DEALER", {"routing_id": b"\x01" + b"i" * 254}, [b""], [b""]),
    "ROUTER": ("ROUTER", {"connect_routing_id": b"server"}, [b"server", b""], [b"server", b""]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_peer_of_any_kind_is_served(server, pyzmq, kind):
    name, options, before, expected = KINDS[kind]
    with pyzmq.socket(name, **options) as peer:
        peer.connect(server.endpoint)
        if name == "ROUTER":
            # It drops what it sends before it knows the other end.
            peer.set("router_mandatory", True)
            peer.wait_for_event("HANDSHAKE_SUCCEEDED")
        for number in range(50):
            answer = peer.exchange(*before, request("echo", [kind, number]))
            assert answer[:-1] == expected
            assert read(answer[-1]) == [kind, number]
        assert "DISCONNECTED" not in peer.events


def test_a_req_with_correlation_that_asks_again_gets_the_fresh_answer(server, pyzmq):
    with pyzmq.socket("REQ", req_correlate=True, req_relaxed=True) as peer:
        peer.connect(server.endpoint)
        for number in range(100):
            peer.send(request("echo", ["stale", number]))
            peer.send(request("echo", ["fresh", number]))
            (body,) = peer.receive()
            assert read(body) == ["fresh", number]


@pytest.mark.zmtp("it ignores the second peer that has the same routing id")
@pytest.mark.parametrize("kind", ["REQ", "DEALER"])
def test_peers_with_the_same_routing_id_each_get_their_own_answers(server, pyzmq, kind):
    envelope = [b""] if kind == "DEALER" else []
    with contextlib.ExitStack() as stack:
        peers = [
            stack.enter_context(pyzmq.socket(kind, routing_id=b"everybody")) for _ in range(3)
        ]
        for peer in peers:
            peer.connect(server.endpoint)
        for turn in range(50):
            for number, peer in enumerate(peers):
                peer.send(*envelope, request("echo", [number, turn]))
            for number, peer in enumerate(peers):
                *_, body = peer.receive()
                assert read(body) == [number, turn]


def test_a_routing_id_is_free_again_when_its_peer_has_left(server, pyzmq):
    with pyzmq.socket("REQ") as peer:
        for number in range(10):

            def is_served():
                peer.set("routing_id", b"somebody")
                peer.connect(server.endpoint)
                peer.send(request("echo", number))
                answer = peer.receive(seconds=PATIENCE - 5 if TRANSPORT == "zmtp" else 2)
                left = server.sockets
                peer.leave()
                server.wait_for_sockets(left - 1)
                return answer and read(answer[0]) == number

            # libzmq may have closed a connection and know its peer for a moment still: then it ignores the next.
            wait_until(is_served, "a peer with that routing id to be served")


@pytest.mark.parametrize("count", [1, 100])
@pytest.mark.parametrize("kind", ["ROUTER", "REP", "DEALER"])
def test_our_client_reaches_a_socket_of_any_kind(programs, language, pyzmq, kind, count):
    # The request comes back as the answer: it is a MessagePack value too.
    calls = [("echo", [number, "x" * 300]) for number in range(count)]
    with pyzmq.socket(kind) as server:
        with programs.client(language, server.bind()) as client:
            client.begin(calls)
            assert server.send_back(count) == count
            for (_, parameters), (outcome, value) in zip(calls, client.results()):
                assert outcome == "answer"
                assert value["parameters"] == parameters
            assert client.unmatched == 0


@pytest.mark.parametrize("kind", ["PUB", "PULL", "REQ", "PAIR"])
def test_our_client_is_not_connected_to_a_socket_that_does_not_fit(
    programs, language, pyzmq, kind
):
    with pyzmq.socket(kind) as server:
        with programs.client(language, server.bind()) as client:
            outcome, _ = client.call("echo", 1, 1000)
            assert outcome == "not connected"


def test_a_peer_that_leaves_and_comes_back_is_served(server, pyzmq):
    with pyzmq.socket("REQ") as peer:
        for _ in range(30):
            assert peer.connect(server.endpoint).exchange(GOOD) == [GOOD_ANSWER]
            peer.leave()
