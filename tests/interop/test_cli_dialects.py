"""The command zroute calls servers of other dialects: here they are written by hand."""

import threading

import msgpack
import pytest
import zmq

import packaged_peers
from test_cli import FAULT, zroute  # noqa: F401

METHODS = {
    "plus": {"args": [{"name": "a"}, {"name": "b", "default": 1}], "doc": "Adds."},
    "count": {"args": None, "doc": None},
}


class Peer(threading.Thread):
    """Answers in turn what `answers` gives for each body that comes."""

    def __init__(self, answers):
        super().__init__()
        self.answers = answers
        self.seen = []
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.linger = 0
        self.endpoint = f"tcp://127.0.0.1:{self.socket.bind_to_random_port('tcp://127.0.0.1')}"
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            if self.socket.poll(10):
                *envelope, body = self.socket.recv_multipart()
                body = msgpack.unpackb(body)
                self.seen.append(body)
                for answer in self.answers(body):
                    self.socket.send_multipart([*envelope, msgpack.packb(answer)])
        self.socket.close()


@pytest.fixture
def serving():
    peers = []

    def start(answers):
        peers.append(Peer(answers))
        peers[-1].start()
        return peers[-1]

    yield start
    for peer in peers:
        peer.over.set()
        peer.join()


def of_zerorpc(can_inspect=True):
    def answers(event):
        header, name, args = event
        if "response_to" in header:
            return
        told = {"message_id": "s", "v": 3, "response_to": header["message_id"]}
        if name == "count":
            # More than it was granted, which no client minds.
            yield [told, "STREAM", 0]
            yield [told, "STREAM", {"b": None}]
            yield [told, "STREAM_DONE", None]
        elif name == "plus":
            yield [told, "OK", [sum(args)]]
        elif name == "echo":
            yield [told, "OK", [args]]
        elif name == "_zerorpc_ping":
            yield [told, "OK", [["pong", "by hand"]]]
        elif name == "_zerorpc_list":
            yield [told, "OK", [list(METHODS)]]
        elif name == "_zerorpc_inspect" and can_inspect:
            yield [told, "OK", [{"name": "by hand", "methods": METHODS}]]
        else:
            yield [told, "ERR", ["NameError", name, None]]

    return answers


def of_messagepack_rpc(message):
    if message[0] == 0:
        _, number, name, params = message
        yield [1, number, None, params] if name == "echo" else [1, number, [4, "no " + name], None]


def test_zerorpc_is_called(zroute, serving):  # noqa: F811
    at = serving(of_zerorpc()).endpoint
    in_zerorpc = ("call", "--dialect", "zerorpc", at)
    assert zroute(*in_zerorpc, "plus", "1", "2").output == "3\n"
    assert zroute(*in_zerorpc, "echo", '{"a":1}').output == '[{"a":1}]\n'
    assert zroute(*in_zerorpc, "echo").output == "[]\n"
    ended = zroute(*in_zerorpc, "nope")
    assert (ended.code, ended.errors) == (FAULT, "0 NameError: nope\n")


def test_a_stream_is_a_list_or_its_items(zroute, serving):  # noqa: F811
    at = serving(of_zerorpc()).endpoint
    in_zerorpc = ("call", "--dialect", "zerorpc", at, "count")
    assert zroute(*in_zerorpc).output == '[0,{"b":null}]\n'
    assert zroute(*in_zerorpc, "--stream").output == '0\n{"b":null}\n'
    assert zroute(*in_zerorpc, "--stream", "--json").lines == [{"item": 0}, {"item": {"b": None}}]
    assert zroute(*in_zerorpc, "--stream", "--raw").raw == b"\x00\x81\xa1b\xc0"


def test_zerorpc_is_pinged_and_listed(zroute, serving):  # noqa: F811
    at = serving(of_zerorpc()).endpoint
    assert zroute("ping", "--dialect", "zerorpc", at).code == 0
    assert zroute("list", "--dialect", "zerorpc", at).output == "count(…)\nplus($a, $b = 1)\n    Adds.\n"
    listed = zroute("list", "--dialect", "zerorpc", "--json", at, "p*").json
    assert [function["name"] for function in listed] == ["plus"]


def test_a_zerorpc_server_that_cannot_inspect_itself_tells_names(zroute, serving):  # noqa: F811
    at = serving(of_zerorpc(can_inspect=False)).endpoint
    assert zroute("list", "--dialect", "zerorpc", at).output == "count(…)\nplus(…)\n"


def test_messagepack_rpc_is_called(zroute, serving):  # noqa: F811
    peer = serving(of_messagepack_rpc)
    in_rpc = ("call", "--dialect", "msgpack-rpc", peer.endpoint)
    assert zroute(*in_rpc, "echo", "7").output == "[7]\n"
    assert [*peer.seen[0][:1], *peer.seen[0][2:]] == [0, "echo", [7]]
    ended = zroute(*in_rpc, "other")
    assert (ended.code, ended.errors) == (FAULT, "0 Error: no other (error 4)\n")
    assert zroute(*in_rpc, "--stream", "echo").code == 64


def test_a_server_of_another_dialect_is_asked_about(zroute):  # noqa: F811
    """zerorpc's servers answer nothing to what they cannot read, and one of plain REP answers anything."""
    with packaged_peers.zerorpc_python_server() as server:
        for dialect in "plain", "msgpack-rpc":
            ended = zroute("call", server.endpoint, "plus", "[1, 2]", "--timeout=1s", f"--dialect={dialect}")
            assert ended.code == 2, ended
            assert f"no answer ever came from it; does it speak the dialect '{dialect}'?" in ended.errors
        assert zroute("call", server.endpoint, "plus", "[1, 2]", "--dialect=zerorpc").json == 3
    with packaged_peers.messagepack_rpc_server() as server:
        ended = zroute("call", server.endpoint, "plus", "[1, 2]", "--timeout=1s", "--dialect=zerorpc")
        assert "does it speak the dialect 'zerorpc'?" in ended.errors


def test_an_answer_of_another_dialect_is_told_at_once(zroute, serving):  # noqa: F811
    peer = serving(lambda body: [None])
    for dialect in "msgpack-rpc", "zerorpc":
        ended = zroute("call", peer.endpoint, "plus", "[1, 2]", "--timeout=60s", f"--dialect={dialect}")
        assert "does the server speak another dialect? (option 'dialect')" in ended.errors
