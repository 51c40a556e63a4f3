"""Heartbeats are answered while handlers run, and who has stopped them is let go."""

import contextlib
import signal

import pytest

import zmtp
from plain import GOOD, GOOD_ANSWER, Dealer, read, request
from processes import wait_until
from pyzmq_peers import Pyzmq

# Milliseconds. A peer that hears nothing for two fifths of a handler's time ends its connection.
HEARTBEATS = {"heartbeat_ivl": 100, "heartbeat_timeout": 2000, "heartbeat_ttl": 2000}
LONG = 5000


def test_a_handler_that_takes_seconds_costs_no_peer_its_connection(
    programs, language, newer_pyzmq
):
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(programs.server(language))
        peers = []
        for pyzmq in (Pyzmq.system(), newer_pyzmq):
            for kind in ("REQ", "DEALER"):
                peer = stack.enter_context(pyzmq.socket(kind, **HEARTBEATS))
                peer.connect(server.endpoint)
                envelope = [b""] if kind == "DEALER" else []
                assert peer.exchange(*envelope, GOOD) == [*envelope, GOOD_ANSWER]
                peers.append((peer, envelope))
        asking, envelope = peers[0]
        asking.send(*envelope, request("toil", [LONG]))
        assert read(asking.receive()[-1]) == LONG
        for peer, envelope in peers:
            assert peer.exchange(*envelope, GOOD) == [*envelope, GOOD_ANSWER]
            assert "DISCONNECTED" not in peer.events
            assert peer.events.count("HANDSHAKE_SUCCEEDED") == 1


def test_peers_that_call_during_a_long_handler_get_their_answers_after_it(programs, language):
    with programs.server(language) as server, contextlib.ExitStack() as stack:
        peers = []
        for _ in range(3):
            peer = stack.enter_context(Pyzmq.system().socket("DEALER", **HEARTBEATS))
            peers.append(peer.connect(server.endpoint))
            assert peer.exchange(b"", GOOD) == [b"", GOOD_ANSWER]
        peers[0].send(b"", request("toil", [LONG]))
        for number, peer in enumerate(peers):
            for turn in range(20):
                peer.send(b"", request("echo", [number, turn]))
        assert read(peers[0].receive()[-1]) == LONG
        for number, peer in enumerate(peers):
            answers = [read(peer.receive()[-1]) for _ in range(20)]
            assert answers == [[number, turn] for turn in range(20)]
            assert "DISCONNECTED" not in peer.events


def test_the_first_handler_of_all_may_take_seconds(programs, language, pyzmq):
    with programs.server(language) as server:
        with pyzmq.socket("REQ", **HEARTBEATS) as peer:
            peer.connect(server.endpoint)
            assert read(peer.exchange(request("toil", [LONG]))[-1]) == LONG
            assert "DISCONNECTED" not in peer.events


def test_a_peer_that_comes_during_a_long_handler_is_let_in(programs, language, pyzmq):
    with programs.server(language) as server, contextlib.ExitStack() as stack:
        asking = stack.enter_context(pyzmq.socket("DEALER"))
        asking.connect(server.endpoint)
        coming = stack.enter_context(pyzmq.socket("DEALER", **HEARTBEATS))
        asking.send(b"", request("toil", [LONG]))
        coming.connect(server.endpoint)
        coming.send(b"", GOOD)
        coming.wait_for_event("HANDSHAKE_SUCCEEDED")
        assert asking.receive(seconds=0) is None, "it ran no longer than the handshake took"
        assert read(asking.receive()[-1]) == LONG
        assert coming.receive() == [b"", GOOD_ANSWER]
        assert "DISCONNECTED" not in coming.events


@pytest.mark.zmtp("it has threads of its own")
def test_a_server_whose_functions_are_quick_has_one_thread(programs, language, pyzmq):
    with programs.server(language) as server, Dealer(server.endpoint) as dealer:
        with pyzmq.socket("DEALER", **HEARTBEATS) as peer:
            peer.connect(server.endpoint)
            assert peer.exchange(b"", GOOD) == [b"", GOOD_ANSWER]
            assert dealer.call("echo", [0]) == [0]
            # One that asks for signs of life has its keeper.
            wait_until(lambda: serve(dealer) and len(server.threads) == 2, "the keeper is there")
        wait_until(lambda: serve(dealer) and len(server.threads) == 1, "the keeper has left")
        threads = []

        # On a busy machine even a quick call may take 10 ms.
        def has_one():
            assert serve(dealer)
            threads.append(len(server.threads))
            return threads.count(1) > 500

        wait_until(has_one, "one thread to serve hundreds of calls", pause=0)


def serve(dealer):
    return dealer.call("echo", [7]) == [7]


def test_an_idle_peer_with_heartbeats_keeps_its_connection(server, pyzmq):
    with pyzmq.socket("DEALER", **HEARTBEATS) as peer:
        peer.connect(server.endpoint)
        assert peer.exchange(b"", GOOD) == [b"", GOOD_ANSWER]
        # Twice the time after which either end would let go.
        assert peer.receive(seconds=4) is None
        assert peer.exchange(b"", GOOD) == [b"", GOOD_ANSWER]
        assert "DISCONNECTED" not in peer.events


def test_a_peer_that_was_stopped_is_let_go(programs, language, pyzmq):
    with programs.server(language) as server:
        with pyzmq.socket("DEALER", **HEARTBEATS) as peer:
            peer.connect(server.endpoint)
            assert peer.exchange(b"", GOOD) == [b"", GOOD_ANSWER]
            connected = server.sockets
            # It announces its time to live with its first heartbeats.
            assert peer.receive(seconds=1) is None
            peer.send_signal(signal.SIGSTOP)
            server.wait_for_sockets(connected - 1)
            peer.send_signal(signal.SIGCONT)
            peer.wait_for_event("DISCONNECTED")
            assert peer.exchange(b"", GOOD) == [b"", GOOD_ANSWER]


def test_a_peer_that_announces_a_time_to_live_and_falls_silent_is_let_go(server, dealer):
    with zmtp.Session.introduced(server.endpoint) as session:
        session.send(zmtp.ping(b"once", ttl_ds=2))
        assert session.read_command() == (b"PONG", b"once")
        assert session.is_ended()


def test_a_peer_that_announces_none_may_be_silent(server, dealer):
    with zmtp.Session.introduced(server.endpoint) as other:
        with zmtp.Session.introduced(server.endpoint) as session:
            session.send(zmtp.ping(b"once"))
            assert session.read_command() == (b"PONG", b"once")
            # Long enough that one which announced 200 ms has been let go.
            other.send(zmtp.ping(ttl_ds=2))
            assert other.is_ended()
            assert session.is_served()


def test_our_client_that_was_idle_for_long_calls_again(programs, language, pyzmq):
    with pyzmq.socket("ROUTER", **HEARTBEATS) as server:
        with programs.client(language, server.bind(), reconnect_ms=10) as client:
            for number in range(2):
                client.begin([("echo", number)])
                assert server.send_back(1) == 1
                ((outcome, value),) = client.results()
                assert (outcome, value["parameters"]) == ("answer", number)
                # The client does not look at its connection, and no PONG may come of it.
                server.receive(seconds=3)
