"""Endpoints of every kind: IPv4, IPv6, names, paths, abstract names, wildcards, and what is not there."""

import contextlib
import os
import time

import pytest
import zmq

from plain import GOOD, GOOD_ANSWER, Peer
from processes import PATIENCE
from programs import free_port
from pyzmq_peers import Pyzmq


def assert_served_by(programs, language, server, endpoint, **options):
    """Our client and pyzmq's both reach the server there."""
    with programs.client(language, endpoint) as client:
        assert client.call("plus", [1, 2]) == ["answer", 3]
        big = "x" * 1_000_000
        assert client.call("echo", big) == ["answer", big]
    with Peer(zmq.REQ, endpoint, **options) as peer:
        assert peer.exchange(GOOD) == [GOOD_ANSWER]
    assert server.is_running


def test_ipv6(programs, language):
    with programs.server(language, "tcp://[::1]:0") as server:
        assert server.endpoint.startswith("tcp://[::1]:")
        assert not server.endpoint.endswith(":0")
        assert_served_by(programs, language, server, server.endpoint, ipv6=True)


def test_our_client_reaches_a_pyzmq_server_on_ipv6(programs, language):
    with Pyzmq.system().socket("ROUTER", ipv6=True) as server:
        with programs.client(language, server.bind("tcp://[::1]:*")) as client:
            client.begin([("echo", 1)])
            assert server.send_back(1) == 1
            ((outcome, _),) = client.results()
            assert outcome == "answer"


def test_an_ipc_path(programs, language, tmp_path):
    endpoint = f"ipc://{tmp_path}/server.sock"
    with programs.server(language, endpoint) as server:
        assert server.endpoint == endpoint
        assert_served_by(programs, language, server, endpoint)


def test_an_ipc_path_is_bound_again_after_a_kill(programs, language, tmp_path):
    endpoint = f"ipc://{tmp_path}/server.sock"
    with programs.client(language, endpoint, reconnect_ms=10) as client:
        for number in range(3):
            with programs.server(language, endpoint):
                assert client.call("echo", number) == ["answer", number]
            # The socket file is there still, and nobody listens on it.


def test_an_abstract_ipc_name(programs, language):
    endpoint = f"ipc://@zroute-interop-{os.getpid()}-{language}"
    with programs.server(language, endpoint) as server:
        assert_served_by(programs, language, server, endpoint)


@pytest.mark.parametrize("where", ["tcp", "path", "abstract"])
def test_our_client_reaches_a_pyzmq_server(programs, language, pyzmq, tmp_path, where):
    endpoint = {
        "tcp": "tcp://127.0.0.1:*",
        "path": f"ipc://{tmp_path}/server.sock",
        "abstract": f"ipc://@zroute-interop-{os.getpid()}-peer",
    }[where]
    with pyzmq.socket("ROUTER") as server:
        bound = server.bind(endpoint)
        with programs.client(language, bound if where == "tcp" else endpoint) as client:
            client.begin([("echo", number) for number in range(10)])
            assert server.send_back(10) == 10
            assert [outcome for outcome, _ in client.results()] == ["answer"] * 10


def test_a_path_that_is_too_long_is_refused(programs, language, tmp_path):
    with pytest.raises(AssertionError, match="ipc://"):
        programs.server(language, f"ipc://{tmp_path}/{'x' * 200}.sock")


def test_a_folder_that_is_not_there_is_refused(programs, language, tmp_path):
    with pytest.raises(AssertionError, match="(?s)missing.*No such file or directory"):
        programs.server(language, f"ipc://{tmp_path}/missing/server.sock")


def test_a_port_that_is_taken_is_refused(programs, language):
    with programs.server(language) as server:
        with pytest.raises(AssertionError, match="(?s)tcp://127.*Address already in use"):
            programs.server(language, server.endpoint)
        with Peer(zmq.REQ, server.endpoint) as peer:
            assert peer.exchange(GOOD) == [GOOD_ANSWER]


def test_localhost_by_name(programs, language):
    with programs.server(language) as server:
        port = server.endpoint.rsplit(":", 1)[1]
        assert_served_by(programs, language, server, f"tcp://localhost:{port}")


def test_every_address(programs, language):
    with programs.server(language, "tcp://*:*", allow_public=1) as server:
        port = server.endpoint.rsplit(":", 1)[1]
        assert int(port) > 0
        assert_served_by(programs, language, server, f"tcp://127.0.0.1:{port}")
        assert_served_by(programs, language, server, f"tcp://127.0.0.2:{port}")


@pytest.mark.parametrize("port", ["0", "*"])
def test_a_port_of_the_systems_choice(programs, language, port):
    with programs.server(language, f"tcp://127.0.0.1:{port}") as server:
        assert_served_by(programs, language, server, server.endpoint)


def test_a_server_that_is_started_only_later(programs, language, tmp_path):
    for endpoint in (f"tcp://127.0.0.1:{free_port()}", f"ipc://{tmp_path}/late.sock"):
        with programs.client(language, endpoint, reconnect_ms=10, reconnect_max_ms=50) as client:
            outcome, _ = client.call("echo", "too early", 200)
            assert outcome == "not connected"
            client.begin([("echo", "in time")])
            with programs.server(language, endpoint):
                assert client.results() == [["answer", "in time"]]


NOWHERE = {
    "nobody listens": lambda: f"tcp://127.0.0.1:{free_port()}",
    "no such path": lambda: "ipc:///nowhere/at/all.sock",
    "no such abstract name": lambda: "ipc://@zroute-interop-nobody",
}


@pytest.mark.parametrize("what", NOWHERE)
def test_a_call_to_nobody_ends_by_its_deadline(programs, language, what):
    endpoint = NOWHERE[what]()
    with programs.client(language, endpoint) as client:
        for _ in range(2):
            outcome, message = client.call("echo", 1, 200)
            assert outcome == "not connected"
            assert endpoint in message


@pytest.mark.zmtp("it resolves names in a thread that a client's end waits for")
def test_a_name_that_does_not_resolve_is_no_connection(programs, language):
    with programs.client(language, "tcp://no-such-host.invalid:5555") as client:
        for _ in range(2):
            outcome, message = client.call("echo", 1, 300)
            assert outcome == "not connected"
            assert "no-such-host.invalid" in message


@pytest.mark.zmtp("it resolves names in a thread that a client's end waits for")
def test_a_name_server_that_does_not_answer_holds_up_no_call_beyond_its_deadline(
    programs, language
):
    # getaddrinfo() takes twice as long as anybody here waits.
    slow = {**programs.preload("slow_names"), "SLOW_NAMES_SECONDS": str(2 * PATIENCE)}
    with programs.client(
        language, "tcp://somewhere.example:5555", environment=slow
    ) as client:
        began = time.monotonic()
        for _ in range(3):
            outcome, message = client.call("echo", 1, 300)
            assert outcome == "not connected"
            assert "somewhere.example" in message
        client.close_stdin()
        assert client.wait() == 0
        assert time.monotonic() - began < PATIENCE


def test_a_name_that_resolves_late_is_connected_then(programs, language):
    slow = {**programs.preload("slow_names"), "SLOW_NAMES_SECONDS": "1"}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(programs.server(language))
        port = server.endpoint.rsplit(":", 1)[1]
        client = stack.enter_context(
            programs.client(language, f"tcp://late.example:{port}", environment=slow)
        )
        began = time.monotonic()
        assert client.call("plus", [1, 2]) == ["answer", 3]
        # Otherwise the name is not looked up in the way that these tests slow down.
        assert time.monotonic() - began > 0.5


@pytest.mark.parametrize(
    "endpoint",
    ["tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:65536", "tcp://:1", "ipc://",
     "udp://127.0.0.1:1", "127.0.0.1:1", "tcp://127.0.0.1:x", ""],
)  # fmt: skip
def test_a_text_that_is_no_endpoint_is_refused(programs, language, endpoint):
    with pytest.raises(AssertionError, match="endpoint"):
        programs.server(language, endpoint)
