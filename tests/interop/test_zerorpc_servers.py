"""Our clients, of zerorpc's own servers in Python and in Node."""

import functools
import os
import signal
import time

import pytest

import packaged_peers
from processes import wait_until
from streams import streamed

ITEMS = int(os.environ.get("DIALECTS_ITEMS") or 20_000)

SERVERS = {"python": packaged_peers.zerorpc_python_server, "node": packaged_peers.zerorpc_node_server}


@pytest.fixture(scope="module", params=SERVERS)
def their_server(request):
    with SERVERS[request.param]() as server:
        server.language = request.param
        yield server
        assert server.is_running, server


@pytest.fixture
def client(programs, language, their_server):
    with programs.client(language, their_server.endpoint, dialect="zerorpc") as client:
        yield client
        assert client.call("plus", [1, 2]) == ["answer", 3]


def test_calls(client):
    assert client.call("plus", [3, 4]) == ["answer", 7]
    for arguments in [["grüße", 1], [None, True], [[1, [2.5]], {"a": 1}], [-(2**31), 2**40], ["x" * 100_000, 0]]:
        assert client.call("echo", arguments) == ["answer", arguments]


def test_many_calls_at_once_each_get_their_own_answer(client):
    calls = [("echo", [number, "own"]) for number in range(500)]
    assert client.calls(calls) == [["answer", [number, "own"]] for number in range(500)]


def test_a_fault(client):
    kind, (_, name, message) = client.call("fail", [1])
    assert (kind, name, message) == ("fault", "NoMoney", "the account holds 3 €")


def test_an_unknown_function(client, their_server):
    if their_server.language == "node":
        # It never answers one.
        assert client.call("plus", [1, 2]) == ["answer", 3]
        assert client.call("nope", [], timeout_ms=300)[0] == "timeout"
    else:
        kind, (_, name, message) = client.call("nope", [])
        assert (kind, name) == ("fault", "NameError") and "nope" in message


def test_after_a_timed_out_call_the_next_gets_its_own_answer(client):
    assert client.call("plus", [1, 2]) == ["answer", 3]
    assert client.call("nap", [2000], timeout_ms=100)[0] == "timeout"
    for number in range(50):
        assert client.call("echo", [number, "own"]) == ["answer", [number, "own"]]


def test_a_heartbeat_is_no_answer(client):
    """The first comes after 5 s."""
    assert client.call("nap", [5500]) == ["answer", 5500]


def test_a_server_that_stops_is_lost(programs, language):
    """After two heartbeats that did not come, and long before the call's time is up."""
    with packaged_peers.zerorpc_python_server() as server:
        with programs.client(language, server.endpoint, dialect="zerorpc") as client:
            assert client.call("plus", [1, 2]) == ["answer", 3]
            client.begin([("nap", [1000])], timeout_ms=3600 * 1000)
            server.send_signal(signal.SIGSTOP)
            try:
                ((kind, why),) = client.results()
            finally:
                server.send_signal(signal.SIGCONT)
            assert kind == "outcome unknown", why


# Streams, in PHP


@pytest.fixture
def stream(programs, their_server):
    return functools.partial(streamed, programs, their_server.endpoint)


def test_a_long_stream_is_whole_and_in_order(stream, their_server, remarks):
    began = time.monotonic()
    told = stream("count", ITEMS)
    assert (told["items"], told["in_order"], told["end"]) == (ITEMS, ITEMS, "done")
    remarks.append(
        f"our client read {ITEMS} items of zerorpc's server in {their_server.language} "
        f"in {time.monotonic() - began:.1f} s, and grew by {told['grown'] >> 10} KiB"
    )
    assert told["grown"] < 16 << 20


def test_a_stream_of_nothing(stream, their_server):
    if their_server.language == "node":
        pytest.skip("it cannot say that there is nothing")
    assert stream("count", 0)["items"] == 0


def test_a_stream_that_fails_in_its_midst(stream):
    told = stream("stumble", 150)
    assert (told["items"], told["in_order"], told["end"]) == (150, 150, ["NoMoney", "the account holds 3 €"])


def test_a_stream_that_is_left_is_ended_there(stream, their_server, tmp_path):
    if their_server.language == "node":
        pytest.skip("it makes all items before it sends any")
    note = tmp_path / "note"
    assert stream("endless", str(note), take=150)["end"] == "left"
    wait_until(note.exists, "the end of the stream")
