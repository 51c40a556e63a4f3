"""pyzmq's sockets as clients: every envelope comes back as it went."""

import zmq

from plain import GOOD, GOOD_ANSWER, REQUEST, Dealer, Peer, code, read, request
from processes import Listener
from programs import python


def test_a_req_is_served_again_and_again(server):
    with Peer(zmq.REQ, server.endpoint) as peer:
        for number in range(100):
            assert read(*peer.exchange(request("echo", [number]))) == [number]


def test_a_req_gets_one_frame_also_for_a_failure(server):
    with Peer(zmq.REQ, server.endpoint) as peer:
        for body in (b"", b"\xc1", request("nobody", []), request("fail", []), GOOD):
            assert len(peer.exchange(body)) == 1


def test_a_req_with_correlation_is_served(server):
    with Peer(zmq.REQ, server.endpoint, req_correlate=True, req_relaxed=True) as peer:
        for number in range(100):
            assert read(*peer.exchange(request("echo", [number]))) == [number]


def test_a_retried_req_gets_the_fresh_answer(server):
    with Peer(zmq.REQ, server.endpoint, req_correlate=True, req_relaxed=True) as peer:
        for number in range(100):
            peer.send(request("echo", ["stale", number]))
            peer.send(request("echo", ["fresh", number]))
            assert read(*peer.receive()) == ["fresh", number]


def test_two_reqs_do_not_get_each_others_answers(server):
    with Peer(zmq.REQ, server.endpoint) as one, Peer(zmq.REQ, server.endpoint) as other:
        for number in range(50):
            one.send(request("echo", ["one", number]))
            other.send(request("echo", ["other", number]))
            assert read(*other.receive()) == ["other", number]
            assert read(*one.receive()) == ["one", number]


def test_a_dealer_with_a_delimiter_gets_it_back(server):
    with Peer(zmq.DEALER, server.endpoint) as peer:
        assert peer.exchange(b"", GOOD) == [b"", GOOD_ANSWER]


def test_a_dealer_without_a_delimiter_gets_none(server):
    with Peer(zmq.DEALER, server.endpoint) as peer:
        assert peer.exchange(GOOD) == [GOOD_ANSWER]


def test_a_dealers_id_comes_back(server):
    with Peer(zmq.DEALER, server.endpoint) as peer:
        for call in (b"\x00\x01\x02\x03\x04\x05\x06\x07", b"\xff" * 8, b"1", bytes(300)):
            assert peer.exchange(call, b"", GOOD) == [call, b"", GOOD_ANSWER]


def test_more_frames_of_an_envelope_come_back(server):
    with Peer(zmq.DEALER, server.endpoint) as peer:
        envelope = [b"hop 1", bytes(5), b"\0", b"x" * 1000, b"id"]
        assert peer.exchange(*envelope, b"", GOOD) == [*envelope, b"", GOOD_ANSWER]


def test_frames_after_the_body_are_refused_under_the_same_envelope(server):
    with Peer(zmq.DEALER, server.endpoint) as peer:
        *envelope, body = peer.exchange(b"id", b"", GOOD, GOOD)
        assert (envelope, code(body)) == ([b"id", b""], REQUEST)


def test_frames_without_a_delimiter_are_refused(server):
    with Peer(zmq.DEALER, server.endpoint) as peer:
        (body,) = peer.exchange(b"id", GOOD)
        assert code(body) == REQUEST


def test_a_thousand_calls_in_flight_each_get_their_own_answer(server):
    with Dealer(server.endpoint) as dealer:
        answers = dealer.ask_all(request("echo", [number]) for number in range(1000))
        assert [read(answer) for answer in answers] == [[number] for number in range(1000)]


def test_clients_behind_a_proxy_are_served(programs, server):
    with Listener(python("proxy.py", server.endpoint)) as proxy:
        with Peer(zmq.REQ, proxy.endpoint) as one, Peer(zmq.REQ, proxy.endpoint) as other:
            for number in range(50):
                one.send(request("echo", ["one", number]))
                other.send(request("echo", ["other", number]))
                assert read(*other.receive()) == ["other", number]
                assert read(*one.receive()) == ["one", number]


def test_our_clients_reach_a_server_behind_a_proxy(programs, language, server):
    with Listener(python("proxy.py", server.endpoint)) as proxy:
        with programs.client(language, proxy.endpoint) as client:
            calls = [("echo", [number]) for number in range(200)]
            assert client.calls(calls) == [["answer", [number]] for number in range(200)]
            assert client.unmatched == 0
