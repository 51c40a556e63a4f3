"""Our clients at a server that misbehaves: an answer never reaches another call."""

import pytest

from processes import PATIENCE, Listener
from programs import python

# How long a call waits that is meant to get nothing, in milliseconds.
SHORT = 300
LONG = PATIENCE * 1000


@pytest.fixture
def rude(programs):
    with Listener(python("rude_server.py", 1)) as server:
        yield server


@pytest.fixture
def client(programs, language, rude):
    """A client of the rude server; afterwards it has to get answers still."""
    with programs.client(language, rude.endpoint) as client:
        # It is connected: who waits in vain now waits for an answer.
        assert client.call("echo", "at first") == ["answer", "at first"]
        yield client
        assert client.call("echo", "at last") == ["answer", "at last"]


def test_a_late_answer_does_not_reach_a_later_call(client):
    for turn in range(3):
        kind, message = client.call("keep", ["late", turn], SHORT)
        assert kind == "timeout"
        assert "keep" in message and "tcp://127.0.0.1" in message
        assert client.call("release", ["own", turn]) == ["answer", ["own", turn]]
    assert client.unmatched == 3


def test_many_late_answers_do_not_reach_later_calls(client):
    late = client.calls([("keep", ["late", number], SHORT) for number in range(64)])
    assert [kind for kind, _ in late] == ["timeout"] * 64
    fresh = client.calls([("release", "fresh"), *[("echo", ["own", n]) for n in range(64)]])
    assert fresh == [["answer", "fresh"], *[["answer", ["own", n]] for n in range(64)]]
    assert client.unmatched == 64


def test_answers_in_any_order_and_twice_each_reach_their_own_call(client):
    count = 100
    for turn in range(5):
        calls = [("shuffle", [[turn, number], count]) for number in range(count)]
        assert client.calls(calls) == [["answer", [turn, number]] for number in range(count)]
    assert client.call("echo", "x") == ["answer", "x"]
    assert client.unmatched == 5 * count // 2


def test_the_second_of_two_answers_does_not_reach_the_next_call(client):
    for number in range(20):
        assert client.call("twice", number) == ["answer", number]
    assert client.unmatched in (19, 20)


def test_answers_for_nobody_reach_nobody(client):
    for number in range(10):
        assert client.call("strangers", number) == ["answer", number]
    assert client.unmatched == 10 * 15


def test_no_answer_is_a_timeout_and_only_for_its_call(client):
    results = client.calls([("silence", 0, SHORT), ("echo", 1), ("silence", 2, SHORT), ("echo", 3)])
    assert [kind for kind, _ in results] == ["timeout", "answer", "timeout", "answer"]


@pytest.mark.parametrize("function", ["two_frames", "no_body"])
def test_an_answer_of_the_wrong_frames_is_invalid(client, function):
    kind, message = client.call(function, 1)
    assert kind == "invalid"
    assert "frames" in message or "body" in message


GARBAGE = {
    "nothing": b"",
    "the reserved byte": b"\xc1",
    "half a text": b"\xd9\xff\x00",
    "a text of 4 Gi": b"\xdb\xff\xff\xff\xff",
    "a list of 4 Gi": b"\xdd\xff\xff\xff\xff",
    "two values": b"\x01\x02",
    "a cut fault": b"\x81\xa9__error__",
    "too deep": b"\x91" * 100_000 + b"\xc0",
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_an_answer_that_is_no_value_is_invalid(client, body):
    kind, message = client.call("bytes", body)
    assert kind == "invalid"
    assert "MessagePack" in message


FAULTS = {
    "whole": (b"\x81\xa9__error__\x83\xa4code\x07\xa4name\xa1N\xa7message\xa1m", [7, "N", "m"]),
    "bin": (b"\x81\xc4\x09__error__\x81\xc4\x04code\x07", [7, "ApplicationError", ""]),
    "no map": (b"\x81\xa9__error__\x05", [0, "Error", None]),
    "no parts": (b"\x81\xa9__error__\x80", [0, "Error", ""]),
    "a code that is no number": (b"\x81\xa9__error__\x81\xa4code\xa1x", [0, "Error", ""]),
}


@pytest.mark.parametrize("body, expected", FAULTS.values(), ids=FAULTS)
def test_whatever_is_under_the_reserved_key_is_a_fault(client, body, expected):
    kind, value = client.call("bytes", body)
    assert kind == "fault"
    assert value[0] == expected[0]
    if expected[2] is not None:
        assert value[2] == expected[2]


def test_everything_at_once_ends_by_its_deadline(client):
    functions = [
        ("echo", "own", LONG), ("silence", 0, SHORT), ("twice", "own", LONG), ("two_frames", 0, LONG),
        ("bytes", b"\xc1", LONG), ("strangers", "own", LONG), ("keep", 0, SHORT), ("no_body", 0, LONG),
        ("bytes", b"\x13", LONG), ("bytes", b"", LONG),
    ]  # fmt: skip
    expected = [
        "answer", "timeout", "answer", "invalid", "invalid",
        "answer", "timeout", "invalid", "answer", "invalid",
    ]  # fmt: skip
    results = client.calls(functions * 20)
    assert [kind for kind, _ in results] == expected * 20
    answers = [value for kind, value in results if kind == "answer"]
    assert answers == ["own", "own", "own", 0x13] * 20


def test_a_value_that_php_has_not_is_invalid_there_and_an_answer_in_c(client, language):
    kind, _ = client.call("bytes", b"\xd4\x07\x00")
    assert kind == {"php": "invalid", "c": "answer"}[language]


def test_no_server_at_all_is_no_connection(programs, language):
    with programs.client(language, "tcp://127.0.0.1:1") as client:
        kind, message = client.call("echo", 1, SHORT)
        assert kind == "not connected"
        assert "tcp://127.0.0.1:1" in message
