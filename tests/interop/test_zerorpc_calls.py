"""Calls of zerorpc: the Python and the Node client, the command line, and bytes that neither would send."""

import random

import msgpack
import pytest

import packaged_peers
from plain import GOOD, Dealer
from zerorpc import RawClient, call_under, event, read


@pytest.fixture
def raw(served):
    """A client of bytes; afterwards the server has to serve it still."""
    with RawClient(served.endpoint) as raw:
        yield raw
        raw.assert_served()


def answer(told):
    """The answer that a peer got."""
    assert "answer" in told, told
    return told["answer"]


def test_calls_are_answered(served, zerorpc_peer):
    assert answer(zerorpc_peer.call(served, "plus", 1, 2)) == 3
    for arguments in [["grüße", 1], [None, True], [[1, [2.5]], {"a": {"b": []}}], [-(2**31), 2**40], ["x" * 100_000, 0]]:
        assert answer(zerorpc_peer.call(served, "echo", *arguments)) == arguments


def test_a_fault_is_the_callers_error(served, zerorpc_peer):
    name, message, _ = zerorpc_peer.call(served, "fail", 1)["fault"]
    assert (name, message) == ("NoMoney", "the account holds 3 €")


def test_an_unknown_function_is_answered_at_once(served, zerorpc_peer):
    name, message, _ = zerorpc_peer.call(served, "nope", 1)["fault"]
    assert name == ("NameError" if served.kind == "zerorpc" else "UnknownFunction")
    assert "nope" in message


@pytest.mark.ours("it tells where it failed")
def test_where_it_failed_is_nobodys_business(raw):
    assert raw.call("fail", 1) == ("ERR", ["NoMoney", "the account holds 3 €", None])


def test_after_a_timed_out_call_the_next_gets_its_own_answer(served, zerorpc_peer):
    assert "timeout" in zerorpc_peer.call(served, "nap", 3000, timeout=1)
    for number in range(50):
        assert answer(zerorpc_peer.call(served, "echo", number, "own", timeout=20)) == [number, "own"]


def test_the_header_is_the_calls_meta(served, zerorpc_python):
    if served.kind == "c":
        pytest.skip("the server in C does not ask for it")
    header = {"access_key": "käse", "service_name": "time", "service_version": "1.0", "uuid": "u-1"}
    told = answer(zerorpc_python.call(served, "origin", header=header))
    assert told == {"dialect": "zerorpc", "meta": header}
    assert answer(zerorpc_python.call(served, "origin"))["meta"] in ({}, [])


# Every type in every width, and widths that nobody has to use.
IDS = [
    "c0", "c2", "c3", "00", "07", "cc07", "cd0007", "ce00000007", "cf0000000000000007", "cfffffffffffffffff",
    "ff", "d0ff", "d1ffff", "d2ffffffff", "d3ffffffffffffffff", "ca3fc00000", "cb3ff8000000000000",
    "a0", "a16b", "d9016b", "da00016b", "db000000016b", "c400", "c4016b", "c500016b", "c6000000016b",
    "90", "9101", "dc000101", "dd0000000101", "80", "810102", "de00010102", "df000000010102",
    "d40561", "c7010561", "c800010561", "c9000000010561", "d6ff00000000",
]  # fmt: skip


@pytest.mark.ours("it looks ids up, and sends them in their shortest form")
@pytest.mark.parametrize("packed_id", IDS)
def test_an_id_comes_back_byte_for_byte(raw, packed_id):
    packed_id = bytes.fromhex(packed_id)
    raw.send_body(call_under(packed_id, "plus", [1, 2]))
    body = raw.receive_body()
    header, name, args = read(body)
    assert (name, args) == ("OK", [3])
    assert b"\xabresponse_to" + packed_id in body
    assert list(header) == ["message_id", "v", "response_to"]


@pytest.mark.parametrize("packed_id", ["c4017e", "a17e"])
def test_bin_and_str_are_two_ids(raw, packed_id):
    packed_id = bytes.fromhex(packed_id)
    raw.send_body(call_under(packed_id, "plus", [1, 2]))
    assert b"\xabresponse_to" + packed_id in raw.receive_body()


def test_the_ids_of_a_servers_own_events_are_its_own(raw):
    ids = set()
    for _ in range(20):
        raw.open("plus", 1)
        ids.add(read(raw.receive_body())[0]["message_id"])
    assert len(ids) == 20


NOT_ANSWERED = {
    "no id": msgpack.packb([{"v": 3}, "plus", [1]]),
    "an empty header": msgpack.packb([{}, "plus", [1]]),
    "an unknown channel": event(b"1", "plus", [1], response_to=b"nobody's"),
    "a heartbeat of no channel": event(b"2", "_zpc_hb", [0], response_to=b"nobody's"),
    "credit of no channel": event(b"3", "_zpc_more", [100], response_to=b"nobody's"),
    "an answer to no call": event(b"4", "OK", [1], response_to=b"nobody's"),
}


@pytest.mark.parametrize("what", NOT_ANSWERED)
def test_an_event_that_nobody_can_answer_is_dropped(raw, what):
    raw.send_body(NOT_ANSWERED[what])
    # Nothing else may come before the answer to this.
    raw.assert_served()


ANSWERED_WITH_AN_ERROR = {
    "args that are nil": event(b"5", "plus", None),
    "args that are a number": event(b"6", "plus", 7),
    "args that are a string": event(b"7", "plus", "12"),
    "an empty name": event(b"8", "", []),
    "a name that is not there": event(b"9", "no such function", []),
}


@pytest.mark.parametrize("what", ANSWERED_WITH_AN_ERROR)
def test_a_call_that_cannot_be_made_gets_an_error(raw, what):
    raw.send_body(ANSWERED_WITH_AN_ERROR[what])
    header, name, args = read(raw.receive_body())
    assert header["response_to"] == read(ANSWERED_WITH_AN_ERROR[what])[0]["message_id"]
    assert (name, len(args)) == ("ERR", 3) and args[0]


@pytest.mark.ours("it takes an exception in a task for the whole server")
def test_an_answer_of_a_caller_does_no_harm(raw):
    channel = raw.open("nap", 50)
    for name, args in [("OK", [1]), ("ERR", ["a", "b", None]), ("STREAM", 1), ("STREAM_DONE", None), ("plus", [5])]:
        raw.say(channel, name, args)
    for args in [None, [], [-1], ["x"], [2**64 - 1], [1.5], {}, [[]]]:
        raw.say(channel, "_zpc_more", args)
        raw.say(channel, "_zpc_hb", args)
    assert raw.hear(channel) == (channel, "OK", [50])


@pytest.mark.ours("it takes what it cannot read for nothing at all, and stays silent")
def test_bytes_of_all_kinds_harm_nobody(served):
    """Truncated and changed events, and events of random parts."""
    chance = random.Random(6)
    good = event(b"0123456789abcdef", "echo", [1, "two", {"three": 3}], access_key="key")
    parts = [None, 0, -1, "", "echo", b"\xff", [], {}, [1], {"message_id": 1}, {"message_id": None, "v": "x"}, 1.5]
    bodies = [good[:end] for end in range(len(good))]
    for _ in range(600):
        body = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        bodies.append(bytes(body))
        bodies.append(msgpack.packb([chance.choice(parts) for _ in range(chance.choice([2, 3, 3, 3, 3, 4]))]))
        bodies.append(b"\x93" + chance.randbytes(chance.randrange(60)))
    with RawClient(served.endpoint) as raw, Dealer(served.endpoint) as other:
        for number, body in enumerate(bodies):
            raw.send_body(body)
            if number % 200 == 0:
                other.assert_served()
        last = raw.open("plus", 1, 2)
        while b"\xabresponse_to" + msgpack.packb(last) not in raw.receive_body():
            continue
        other.assert_served()


def test_what_every_server_can_be_asked(raw, served):
    assert raw.call("_zerorpc_ping") == ("OK", [["pong", "zroute"]])
    assert raw.call("_zerorpc_name") == ("OK", ["zroute"])
    name, (functions,) = raw.call("_zerorpc_list")
    assert name == "OK" and {"plus", "echo", "count"} <= set(functions)
    assert not any(function.startswith(("_", "zroute.")) for function in functions)


@pytest.mark.ours("it looks for a function of Python that has gone")
def test_what_a_function_takes_can_be_asked(raw, served):
    name, (told,) = raw.call("_zerorpc_inspect")
    assert name == "OK" and told["name"] == "zroute"
    assert set(told["methods"]) == set(raw.call("_zerorpc_list")[1][0])
    for function in told["methods"].values():
        assert set(function) == {"args", "doc"}
    if served.kind != "c":
        assert told["methods"]["area"]["args"] == [{"name": "width"}, {"name": "height", "default": 1}]
        name, (args,) = raw.call("_zerorpc_args", "area")
        assert name == "OK" and args[0] == ["width", "height"] and args[3] == [1]
    assert raw.call("_zerorpc_help", "plus")[0] == "OK"
    assert raw.call("_zerorpc_help", "nope")[0] == "ERR"


def test_the_plain_dialect_beside_it(served):
    if served.kind == "zerorpc":
        pytest.skip("it has one dialect")
    with Dealer(served.endpoint) as dealer:
        assert dealer.ask(GOOD) == b"\x13"
        assert dealer.call("count", [3]) == [0, 1, 2]


# The command line


def test_the_command_line_calls(served):
    at = served.endpoint
    assert packaged_peers.zerorpc_command("--connect", at, "--timeout", 30, "_zerorpc_ping") == "['pong', 'zroute']\n"
    assert packaged_peers.zerorpc_command("--json", at, "plus", "1", "2") == "3\n"
    # Had the answer been a list, there would be spaces.
    assert packaged_peers.zerorpc_command("-j", "--print-json", at, "count", "3") == "[0,1,2]"


@pytest.mark.ours("it looks for a function of Python that has gone")
def test_the_command_line_lists_the_functions(served):
    listed = packaged_peers.zerorpc_command("--inspect", served.endpoint)
    assert listed.startswith("[zroute]\n")
    assert "\necho" in listed and "\nplus" in listed
    if served.kind != "c":
        assert "area(width, height=1)" in listed
    assert packaged_peers.zerorpc_command(served.endpoint).startswith("[zroute]\n")
    one = packaged_peers.zerorpc_command("--inspect", served.endpoint, "plus")
    assert one.startswith("[zroute]\nplus"), one
