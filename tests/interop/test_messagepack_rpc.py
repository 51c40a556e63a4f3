"""MessagePack-RPC: its Python package as client and as server, and bytes that it would not send."""

import random

import msgpack
import pytest
import zmq

import packaged_peers
from plain import PARAMETERS, REQUEST, UNKNOWN_FUNCTION, Dealer, Peer
from processes import wait_until

pytestmark = pytest.mark.ours("zerorpc's server does not speak it")


class Raw(Peer):
    """Bodies in an empty envelope, as they are."""

    def __init__(self, endpoint):
        super().__init__(zmq.DEALER, endpoint)

    def submit(self, *message):
        self.send(b"", msgpack.packb(message))

    def collect(self):
        delimiter, body = self.receive()
        assert delimiter == b""
        return msgpack.unpackb(body, strict_map_key=False)

    def ask(self, *message):
        self.submit(*message)
        return self.collect()

    def assert_served(self):
        assert self.ask(0, 77, "plus", [1, 2]) == [1, 77, None, 3]


@pytest.fixture
def raw(served):
    with Raw(served.endpoint) as raw:
        yield raw
        raw.assert_served()


# The package's client


def test_calls_are_answered(served, messagepack_rpc):
    assert messagepack_rpc.call(served, "plus", 1, 2) == {"answer": 3}
    arguments = ["grüße", None, True, [1, [2.5]], {"a": {"b": []}}, -(2**63), 2**63 - 1, "x" * 100_000]
    assert messagepack_rpc.call(served, "echo", *arguments) == {"answer": arguments}


def test_a_fault_is_the_callers_error(served, messagepack_rpc):
    fault = {"code": 7, "name": "NoMoney", "message": "the account holds 3 €"}
    assert messagepack_rpc.call(served, "fail", 1) == {"fault": fault}
    assert messagepack_rpc.call(served, "nope")["fault"]["code"] == UNKNOWN_FUNCTION
    assert messagepack_rpc.call(served, "plus" if served.kind == "c" else "area", "x")["fault"]["code"] == PARAMETERS


def test_after_a_timed_out_call_the_next_gets_its_own_answer(served, messagepack_rpc):
    assert "timeout" in messagepack_rpc.call(served, "nap", 4000, timeout=1)
    for number in range(50):
        assert messagepack_rpc.call(served, "echo", number) == {"answer": [number]}


def test_answers_come_out_of_order(served, messagepack_rpc):
    if served.kind != "serve":
        pytest.skip("it has one thread for its handlers")
    # Two workers: the slow call takes one, and the others go by.
    wait_until(lambda: all(worker["state"] == "idle" for worker in served.stats()["workers"]), "both workers")
    told = messagepack_rpc.calls(served, [["nap", [1000]], *(["echo", [number]] for number in range(20))])
    assert told["outcomes"] == [{"answer": 1000}, *({"answer": [number]} for number in range(20))]
    assert told["arrived"][-1] == 0 and sorted(told["arrived"]) == list(range(21))


def test_a_notification_is_carried_out_and_not_answered(served, messagepack_rpc, raw):
    assert messagepack_rpc.notify(served, "echo", 1) == {}
    for message in [(2, "plus", [1, 2]), (2, "nope", []), (2, "plus", 5), (2, 5, []), (2, "fail", [1])]:
        raw.submit(*message)
    # Nothing else may come before the answer to this.
    raw.assert_served()


def test_a_stream_is_a_list(served, messagepack_rpc):
    assert messagepack_rpc.call(served, "count", 5) == {"answer": [0, 1, 2, 3, 4]}
    assert messagepack_rpc.call(served, "count", 0) == {"answer": []}


# Bytes


IDS = [0, 1, 2**7, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**64 - 1, -1, None, False, 1.5, "id", b"id", [1, [2]],
       {"a": 1}, msgpack.ExtType(5, b"x")]  # fmt: skip


@pytest.mark.parametrize("number", range(len(IDS)))
def test_any_id_is_handed_back(raw, number):
    assert raw.ask(0, IDS[number], "plus", [1, 2]) == [1, IDS[number], None, 3]


@pytest.mark.parametrize("packed_id", ["cc07", "cd0007", "ce00000007", "cf0000000000000007", "d207ffffff", "d9016b"])
def test_an_id_comes_back_byte_for_byte(raw, packed_id):
    raw.send(b"", b"\x94\x00" + bytes.fromhex(packed_id) + b"\xa4plus\x91\x05")
    assert raw.receive()[1] == b"\x94\x01" + bytes.fromhex(packed_id) + b"\xc0\x05"


def test_a_call_that_cannot_be_made_gets_an_error(raw):
    for message in [(0, 1, "plus", 5), (0, 1, "plus", None), (0, 1, "plus", {"a": 1}), (0, 1, 5, []), (0, 1, None, [])]:
        kind, number, error, result = raw.ask(*message)
        assert (kind, number, error["code"], result) == (1, 1, REQUEST, None), message


def test_an_answer_of_a_caller_does_no_harm(raw):
    raw.submit(1, 5, None, 7)
    raw.submit(1, 5, {"code": 1}, None)
    # It is no call: the plain dialect says so.
    assert [list(raw.collect()) for _ in range(2)] == [["__error__"]] * 2


def test_bytes_of_all_kinds_harm_nobody(served):
    chance = random.Random(6)
    good = msgpack.packb([0, 7, "echo", [1, "two", {"three": 3}]])
    parts = [None, 0, 1, 2, -1, "", "echo", b"\xff", [], {}, [1], 2**64 - 1, 1.5]
    bodies = [good[:end] for end in range(len(good))]
    for _ in range(600):
        body = bytearray(good)
        for _ in range(chance.randint(1, 3)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        bodies.append(bytes(body))
        rest = [chance.choice(parts) for _ in range(chance.choice([2, 3, 3]))]
        bodies.append(msgpack.packb([chance.choice([0, 0, 2, 1]), *rest]))
    with Raw(served.endpoint) as raw, Dealer(served.endpoint) as other:
        for number, body in enumerate(bodies):
            raw.send(b"", body)
            if number % 200 == 0:
                other.assert_served()
        raw.submit(0, "the last", "plus", [1, 2])
        while raw.receive()[1] != msgpack.packb([1, "the last", None, 3]):
            continue
        other.assert_served()


# The package's server


@pytest.fixture(scope="module")
def their_server():
    with packaged_peers.messagepack_rpc_server() as server:
        yield server
        assert server.is_running, server


@pytest.fixture
def client(programs, language, their_server):
    with programs.client(language, their_server.endpoint, dialect="msgpack-rpc") as client:
        yield client


def test_our_client_calls(client):
    assert client.call("plus", [1, 2]) == ["answer", 3]
    arguments = ["grüße", None, [1, [2.5]], {"a": 1}, 2**63 - 1]
    assert client.call("echo", arguments) == ["answer", arguments]


def test_our_client_is_told_why_a_call_failed(client):
    for function, word in [("fail", "the account holds 3 €"), ("nope", "nope")]:
        kind, (_, name, message) = client.call(function, [1])
        assert kind == "fault" and name and word in message


def test_our_client_takes_answers_out_of_order(client):
    calls = [("keep", [1])] * 5 + [("release", [])] + [("echo", [number]) for number in range(5)]
    answers = [["answer", 4 - number] for number in range(5)]
    assert client.calls(calls) == [*answers, ["answer", 5], *(["answer", [number]] for number in range(5))]


def test_after_a_timed_out_call_our_client_gets_the_answer_of_the_next(client):
    assert client.call("plus", [1, 2]) == ["answer", 3]
    assert client.call("keep", [1], timeout_ms=100)[0] == "timeout"
    client.call("release", [])
    for number in range(20):
        assert client.call("echo", [number]) == ["answer", [number]]
