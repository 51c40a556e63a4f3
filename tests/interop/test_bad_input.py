"""Whatever comes in is answered with the right code, and the next good call is served."""

import itertools
import random
import struct
import time

import msgpack
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from plain import (
    DEADLINE,
    GOOD,
    GOOD_ANSWER,
    PARAMETERS,
    PARSE,
    REQUEST,
    TOO_LARGE,
    UNKNOWN_FUNCTION,
    Dealer,
    Peer,
    around,
    code,
    fault,
    read,
    request,
)
from reference_scan import deserved_code


def slowest(language, remarks, kind, promise=""):
    """Collects times, each with what took it; the worst is remarked at the end."""
    times = [(0, "nothing")]
    yield times
    seconds, what = max(times)
    remarks.append(
        f"slowest answer of the {language} server to {kind}: {seconds * 1000:.1f} ms ({what})"
        + promise
    )


@pytest.fixture(scope="module")
def slowest_bad(language, remarks):
    yield from slowest(language, remarks, "bad input", "; 100 ms are promised")


@pytest.fixture(scope="module")
def slowest_costly(language, remarks):
    yield from slowest(language, remarks, "a costly request within the limits")


def ask(dealer, body, times, what):
    """The answer to a bad body, and then to a good one."""
    began = time.monotonic()
    answer = dealer.ask(body)
    took = time.monotonic() - began
    times.append((took, what))
    dealer.assert_served()
    return answer


def test_5000_random_bodies(dealer):
    source = random.Random(20150923)
    bodies = [source.randbytes(source.randrange(200)) for _ in range(5000)]
    answers = dealer.ask_all(bodies)
    for body, answer in zip(bodies, answers):
        assert code(answer) == deserved_code(body), body.hex()


def test_requests_with_random_damage(dealer):
    source = random.Random(6)
    bodies = []
    while len(bodies) < 3000:
        body = bytearray(GOOD)
        for _ in range(source.randrange(1, 4)):
            body[source.randrange(len(body))] = source.randrange(256)
        if deserved_code(bytes(body)) == PARSE:
            bodies.append(bytes(body))
    for body, answer in zip(bodies, dealer.ask_all(bodies)):
        assert code(answer) == PARSE, body.hex()


@given(body=st.binary(max_size=300))
def test_any_bytes(dealer, body):
    assert code(dealer.ask(body)) == deserved_code(body)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text()
    | st.binary()
    | st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=20)),
    lambda inside: st.lists(inside, max_size=4)
    | st.dictionaries(st.text(max_size=4) | st.integers(-9, 9) | st.none(), inside, max_size=4),
    max_leaves=20,
)


@given(value=values)
def test_any_value_that_is_no_request(dealer, value):
    assert code(dealer.ask(msgpack.packb(value))) == REQUEST


def fits(call):
    """Whether a request of any shape is a call, by the words of docs/wire.md."""
    deadline = call.get("deadline_ms", 0)
    return (
        isinstance(call.get("function_name"), (str, bytes))
        and "parameters" in call
        and isinstance(deadline, int)
        and not isinstance(deadline, bool)
        and deadline >= 0
        and isinstance(call.get("meta", {}), dict)
    )


@given(
    call=st.fixed_dictionaries(
        {"function_name": st.text().map("no {}".format) | st.binary().map(b"no ".__add__) | values},
        optional={
            "parameters": values,
            "deadline_ms": st.integers(-(2**63), 2**64 - 1) | values,
            "meta": st.dictionaries(st.text(), values, max_size=3) | values,
            "more": values,
        },
    )
)
def test_a_request_of_any_shape(dealer, call):
    answer = dealer.ask(msgpack.packb(call))
    expected = UNKNOWN_FUNCTION if fits(call) else REQUEST
    assert code(answer) == expected


def test_every_truncation_of_a_good_request(dealer):
    bodies = [GOOD[:size] for size in range(len(GOOD))]
    with Peer(zmq.REQ, dealer.socket.last_endpoint) as peer:
        for body in bodies:
            assert code(*peer.exchange(body)) == PARSE, body.hex()
            assert peer.exchange(GOOD) == [GOOD_ANSWER]


def test_every_byte_more_than_a_good_request(dealer):
    bodies = [GOOD + bytes([byte]) for byte in range(256)] + [GOOD + GOOD, GOOD + bytes(1000)]
    for answer in dealer.ask_all(bodies):
        assert code(answer) == PARSE


NAME = b"\xadfunction_name"
PLUS = NAME + b"\xa4plus"
ANY = b"\xaaparameters\xc0"

SHAPES = {
    "the digit 0": (b"0", REQUEST),
    "nil": (b"\xc0", REQUEST),
    "a text": (b"\xa5hello", REQUEST),
    "a list": (b"\x92\x01\x02", REQUEST),
    "an empty list": (b"\x90", REQUEST),
    "an empty map": (b"\x80", REQUEST),
    "an extension": (b"\xd4\x01\x00", REQUEST),
    "a map with a nil key that names a class": (b"\x81\xc0\xa8stdClass", REQUEST),
    "no function": (b"\x81" + ANY, REQUEST),
    "no parameters": (b"\x81" + PLUS, REQUEST),
    "a function that is a number": (b"\x82" + NAME + b"\x01" + ANY, REQUEST),
    "a function that is nil": (b"\x82" + NAME + b"\xc0" + ANY, REQUEST),
    "a function that is a list": (b"\x82" + NAME + b"\x91\xa4plus" + ANY, REQUEST),
    "the function twice": (b"\x83" + PLUS + PLUS + ANY, REQUEST),
    "the parameters twice": (b"\x83" + PLUS + ANY + ANY, REQUEST),
    "the function twice, as str and bin": (
        b"\x83" + PLUS + b"\xc4\x0dfunction_name\xa4echo" + ANY,
        REQUEST,
    ),
    "deadline_ms twice": (b"\x84" + PLUS + ANY + b"\xabdeadline_ms\x64" * 2, REQUEST),
    "deadline_ms 0": (request("echo", 1, deadline_ms=0), DEADLINE),
    "deadline_ms negative": (request("echo", 1, deadline_ms=-1), REQUEST),
    "deadline_ms a text": (request("echo", 1, deadline_ms="100"), REQUEST),
    "deadline_ms a float": (request("echo", 1, deadline_ms=100.0), REQUEST),
    "deadline_ms nil": (request("echo", 1, deadline_ms=None), REQUEST),
    "meta a list": (request("echo", 1, meta=[]), REQUEST),
    "meta nil": (request("echo", 1, meta=None), REQUEST),
    "an unknown function": (request("nobody", []), UNKNOWN_FUNCTION),
    "a function with no name": (request("", []), UNKNOWN_FUNCTION),
    "a function in other letters": (request("PLUS", []), UNKNOWN_FUNCTION),
    "a function with a NUL": (request("plus\0", []), UNKNOWN_FUNCTION),
    "a function of a megabyte": (request("x" * 1_000_000, []), UNKNOWN_FUNCTION),
    "a function that is no UTF-8": (request(b"\xff\xfe", []), UNKNOWN_FUNCTION),
    "a magic method": (request("__construct", []), UNKNOWN_FUNCTION),
    "a function of PHP's": (request("phpinfo", []), UNKNOWN_FUNCTION),
    "parameters that are no list": (request("plus", "19"), PARAMETERS),
    "the reserved byte": (b"\xc1", PARSE),
    "the reserved byte inside": (around(b"\x91\xc1"), PARSE),
    "the reserved byte as a key": (b"\x82\xc1\xc0" + PLUS, PARSE),
    "100,000 lists deep": (around(b"\x91" * 100_000 + b"\xc0"), PARSE),
    "100,000 lists deep and cut": (around(b"\x91" * 100_000), PARSE),
    "100,000 maps deep": (around(b"\x81\x01" * 100_000 + b"\xc0"), PARSE),
    "100,000 maps deep in their keys": (around(b"\x81" * 100_000), PARSE),
    "deep with no request": (b"\x91" * 100_000 + b"\xc0", PARSE),
    "deep in meta": (
        b"\x83" + PLUS + ANY + b"\xa4meta" + b"\x81\xa1x" * 1000 + b"\xc0",
        PARSE,
    ),
    "too many values": (
        around(b"\xdd" + struct.pack(">I", 1_100_000) + bytes(1_100_000)),
        PARSE,
    ),
}
# Claims of 4 Gi, where the value begins and inside a request.
for first in range(0xC4, 0xE0):
    if first in (0xC6, 0xC9, 0xDB, 0xDD, 0xDF):
        for count in (0xFFFFFFFF, 0x80000000, 0x7FFFFFFF):
            claim = bytes([first]) + struct.pack(">I", count)
            SHAPES[f"0x{first:x} claims {count}"] = (claim, PARSE)
            SHAPES[f"0x{first:x} claims {count} as parameters"] = (around(claim), PARSE)
            SHAPES[f"0x{first:x} claims {count} and has some"] = (around(claim + bytes(99)), PARSE)
            SHAPES[f"0x{first:x} claims {count} as a key"] = (b"\x81" + claim, PARSE)


@pytest.mark.parametrize("what", SHAPES)
def test_wrong_shapes(dealer, slowest_bad, what):
    body, expected = SHAPES[what]
    assert code(ask(dealer, body, slowest_bad, what)) == expected


def colliding_texts(count):
    """Texts that PHP's hash cannot tell apart."""
    letters = itertools.product(("Ez", "FY"), repeat=(count - 1).bit_length())
    return ["".join(pairs) for pairs in itertools.islice(letters, count)]


def dictionary(keys):
    return msgpack.packb(dict.fromkeys(keys, 1))


COLLISIONS = {
    "200,000 integers": dictionary(range(0, 200_000 << 18, 1 << 18)),
    "200,000 integers as texts": dictionary(map(str, range(0, 200_000 << 18, 1 << 18))),
    "200,000 negative integers": dictionary(range(-(200_000 << 18), 0, 1 << 18)),
    "32,768 texts": dictionary(colliding_texts(32_768)),
    "3,000 integers, ten times": msgpack.packb(
        [dict.fromkeys(range(0, 3_000 << 14, 1 << 14), 1)] * 10
    ),
}


@pytest.mark.parametrize("what", COLLISIONS)
def test_keys_that_collide_in_phps_tables(dealer, language, slowest_bad, what):
    body = around(COLLISIONS[what])
    answer = ask(dealer, body, slowest_bad, f"colliding keys: {what}")
    if language == "php":
        number, _, message = fault(answer)
        assert number == PARAMETERS
        assert "collide" in message
    else:
        # Nothing in C builds a table of them.
        assert answer == COLLISIONS[what]


COSTLY = {
    "200,000 keys that do not collide": dictionary(range(1, 200_000)),
    "as many collisions as are allowed": dictionary(range(0, 2_800 << 14, 1 << 14)),
    "8,000 small maps that collide": msgpack.packb(
        [dict.fromkeys(range(0, 64 << 14, 1 << 14), 1)] * 8_000
    ),
    "a million values": msgpack.packb([0.5] * 1_000_000),
    "8 MiB of text": msgpack.packb("\u20ac" * 2_700_000),
}


@pytest.mark.parametrize("what", COSTLY)
def test_costly_requests_within_the_limits_are_served(dealer, slowest_costly, what):
    assert read(ask(dealer, around(COSTLY[what]), slowest_costly, what)) == read(COSTLY[what])


# Each is among the dearest to PHP for its size.
GREEDY = {
    "a million empty lists": around(b"\xdd" + struct.pack(">I", 1_000_000) + b"\x90" * 1_000_000),
    "300,000 small maps": around(msgpack.packb([{7: 1}] * 300_000)),
    "a map of 500,000": around(dictionary(range(1, 500_001))),
    "a million short texts": around(msgpack.packb(["ab"] * 1_000_000)),
    "400,000 lists, each in a list": around(msgpack.packb([[[]]] * 400_000)),
}


@pytest.mark.parametrize("memory_limit, largest", [("32M", 5 << 20), ("128M", 16 << 20)])
def test_no_message_exhausts_phps_memory(programs, memory_limit, largest):
    bodies = {
        **GREEDY,
        "bytes": around(msgpack.packb(b"\xff" * (largest - 100))),
        "text": around(msgpack.packb("x" * (largest - 100))),
        "more text": around(msgpack.packb("x" * (largest + largest // 2))),
    }
    with programs.server("php", memory_limit=memory_limit) as server:
        with Dealer(server.endpoint) as dealer:
            for what, body in bodies.items():
                answer = dealer.ask(body)
                refused = answer.startswith(b"\x81\xa9__error__")
                assert not refused or code(answer) in (PARSE, TOO_LARGE), what
                dealer.assert_served()
            dealer.ask_all(list(bodies.values()) * 2)
            dealer.assert_served()
        assert server.is_running


UNSUITABLE = {
    "a nil key that names a class": b"\x81\xc0\xa8stdClass",
    "a nil key that names a class, inside": b"\x91\x81\xa1x\x82\xc0\xa6Marker\xa4data\x01",
    "a list as key": b"\x81\x90\x01",
    "a float as key": b"\x81\xcb" + bytes(8) + b"\x01",
    "true as key": b"\x81\xc3\x01",
    "an extension": b"\xd4\x01\x00",
    "a timestamp inside": b"\x91\xd6\xff\x00\x00\x00\x01",
}


@pytest.mark.parametrize("what", UNSUITABLE)
def test_values_that_php_has_not(dealer, language, slowest_bad, what):
    answer = ask(dealer, around(UNSUITABLE[what]), slowest_bad, what)
    if language == "php":
        assert code(answer) == PARAMETERS
    else:
        assert answer == UNSUITABLE[what]


def test_a_key_twice_in_the_parameters(dealer, language):
    twice = b"\x82\xa1a\x01\xa1a\x02"
    expected = {"php": b"\x81\xa1a\x02", "c": twice}[language]
    assert dealer.ask(around(twice)) == expected


FRAMES = {
    "an empty frame": ([b""], [b""], REQUEST, "no body"),
    "an empty body": ([b"", b""], [b""], PARSE, "no bytes"),
    "an id and no body": ([b"id", b""], [b"id", b""], REQUEST, "no body"),
    "no delimiter": ([b"id", GOOD], [], REQUEST, "2 frames"),
    "two bodies": ([b"id", b"", GOOD, GOOD], [b"id", b""], REQUEST, "2 frames"),
    "a body and an empty frame": ([b"", GOOD, b""], [b""], REQUEST, "2 frames"),
    "1,000 empty frames": ([b""] * 1000, [b""], REQUEST, "999 frames"),
    "1,000 frames with no delimiter": ([b"x"] * 1000, [], REQUEST, "1000 frames"),
    "1,000 bodies": ([b"id", b"", *[GOOD] * 1000], [b"id", b""], REQUEST, "1000 frames"),
    "1,000 ids": ([*[b"x" * 99] * 1000, b"", GOOD], [], REQUEST, "1002 frames"),
    "an id of a megabyte": ([bytes(1_000_000), b"", GOOD], [], REQUEST, "3 frames"),
}


@pytest.mark.parametrize("what", FRAMES)
def test_messages_of_the_wrong_frames(server, dealer, what):
    frames, expected_envelope, expected_code, expected_message = FRAMES[what]
    with Peer(zmq.DEALER, server.endpoint) as peer:
        *envelope, body = peer.exchange(*frames)
        assert envelope == expected_envelope
        number, _, message = fault(body)
        assert number == expected_code
        assert expected_message in message
        assert peer.exchange(b"id", b"", GOOD) == [b"id", b"", GOOD_ANSWER]


def test_bad_calls_among_good_ones_disturb_none(dealer):
    source = random.Random(64)
    bad = [body for body, _ in SHAPES.values() if len(body) < 1000]
    bodies = [
        request("echo", [number]) if number % 2 == 0 else source.choice(bad)
        for number in range(2000)
    ]
    for number, answer in enumerate(dealer.ask_all(bodies)):
        if number % 2 == 0:
            assert read(answer) == [number]
        else:
            assert code(answer) < 0


def test_messages_over_the_limit(programs, language):
    limit = 1 << 20
    with programs.server(language, max_message=limit) as server:
        with Dealer(server.endpoint) as dealer, Dealer(server.endpoint) as sender:
            overhead = len(request("echo", "x" * (1 << 17))) - (1 << 17)
            fitting = "x" * (limit - overhead)
            assert read(dealer.ask(request("echo", fitting))) == fitting
            for size in (limit + 1, 3 * limit // 2, 2 * limit):
                number, name, message = fault(sender.ask(bytes(size)))
                assert (number, name) == (-32004, "TooLarge")
                assert str(size) in message and str(limit) in message
                dealer.assert_served()
            sender.submit(bytes(2 * limit + 1))
            sender.expect_event(zmq.EVENT_DISCONNECTED)
            dealer.assert_served()
            sender.assert_served()
        assert server.is_running
