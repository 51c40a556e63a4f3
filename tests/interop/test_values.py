"""What Python sends and what it gets back: types, edges, keys, names."""

import math
import struct

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plain import GOOD, GOOD_ANSWER, UNKNOWN_FUNCTION, Dealer, around, code, read, request


@pytest.mark.parametrize("key", ["str", "bin"])
@pytest.mark.parametrize("name", ["str", "bin"])
def test_keys_and_names_may_be_str_or_bin(dealer, key, name):
    keys = ["function_name", "parameters"]
    if key == "bin":
        keys = [text.encode() for text in keys]
    call = dict(zip(keys, ["plus" if name == "str" else b"plus", [1, 2]]))
    assert dealer.ask(msgpack.packb(call)) == b"\x03"


def test_the_old_spec_is_understood(dealer):
    # use_bin_type=False packs str and bytes alike, as clients from before 2013 do.
    call = {b"function_name": b"echo", b"parameters": [b"old", "new", b"x" * 40]}
    answer = dealer.ask(msgpack.packb(call, use_bin_type=False))
    assert msgpack.unpackb(answer, raw=True) == [b"old", b"new", b"x" * 40]
    assert msgpack.unpackb(answer) == ["old", "new", "x" * 40]


def test_the_order_of_the_keys_and_other_keys_do_not_matter(dealer):
    call = {"x": 1, "parameters": [1, 2], 7: "y", None: {}, "function_name": "plus", "z": [[]]}
    assert dealer.ask(msgpack.packb(call)) == b"\x03"


@pytest.mark.parametrize("deadline", [1_000_000, 2**31, 2**63, 2**64 - 1])
def test_a_deadline_far_away_is_taken(dealer, deadline):
    assert dealer.call("plus", [1, 2], deadline_ms=deadline) == 3


@pytest.mark.parametrize("meta", [{}, {"trace": "00-4bf9"}, {1: [None, {"deep": b"\xff"}]}])
def test_meta_is_taken(dealer, meta):
    assert dealer.call("plus", [1, 2], meta=meta, deadline_ms=60_000) == 3


def test_a_handler_in_c_sees_the_deadline(programs):
    with programs.server("c") as server, Dealer(server.endpoint) as dealer:
        assert dealer.call("time_left", None) == -1
        assert 0 < dealer.call("time_left", None, deadline_ms=600_000) <= 600_000


@pytest.mark.parametrize("function", ["größe", "功能"])
@pytest.mark.parametrize("encode", [str, str.encode], ids=["str", "bin"])
def test_names_in_any_script(dealer, function, encode):
    call = {"function_name": encode(function), "parameters": ["é", "\U0001f600"]}
    assert read(dealer.ask(msgpack.packb(call))) == ["é", "\U0001f600"]


@pytest.mark.parametrize("form", ["é", "e\u0301"], ids=["one", "two"])
def test_names_are_compared_byte_by_byte(dealer, form):
    assert code(dealer.ask(request(f"{form}cho", []))) == UNKNOWN_FUNCTION


EDGES = [0, *(1 << bits for bits in (5, 7, 8, 15, 16, 31, 32, 53, 63))]
AROUND_EDGES = {
    sign * edge + step for edge in EDGES for step in (-1, 0, 1) for sign in (-1, 1)
}
INTEGERS = sorted(number for number in AROUND_EDGES if -(1 << 63) <= number < 1 << 63)


def test_integers_to_the_edge_of_64_bits(dealer):
    answer = dealer.ask(request("echo", INTEGERS))
    assert answer == msgpack.packb(INTEGERS), "each in its shortest form"
    assert dealer.call("echo", INTEGERS[0]) == -(1 << 63)


def test_integers_above_phps_are_texts_there(dealer, language):
    above = [1 << 63, (1 << 64) - 1]
    expected = {"php": ["9223372036854775808", "18446744073709551615"], "c": above}[language]
    assert dealer.call("echo", above) == expected


FLOATS = [
    0.0, -0.0, 0.1, -1.5, 1e-310, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
    math.inf, -math.inf, math.pi, 1 / 3, 2.0**53 + 2, 1e22, 123456789012345680.0,
]  # fmt: skip


def test_floats_come_back_bit_for_bit(dealer):
    assert dealer.ask(request("echo", FLOATS)) == msgpack.packb(FLOATS)


@given(numbers=st.lists(st.floats(allow_nan=False), max_size=20))
def test_any_floats_come_back_bit_for_bit(dealer, numbers):
    assert dealer.ask(request("echo", numbers)) == msgpack.packb(numbers)


def test_no_number_stays_no_number(dealer):
    (answer,) = dealer.call("echo", [math.nan])
    assert math.isnan(answer)


def test_floats_of_32_bits_keep_their_value(dealer):
    numbers = [0.1, 1.5, -3.4028234663852886e38, 1e-45]
    single = msgpack.packb(numbers, use_single_float=True)
    expected = [struct.unpack("f", struct.pack("f", number))[0] for number in numbers]
    assert read(dealer.ask(around(single))) == expected


def test_texts_are_str_and_other_bytes_are_bytes(programs):
    with programs.server("php") as server, Dealer(server.endpoint) as dealer:
        assert dealer.call("types", None) == {
            "null": None,
            "true": True,
            "text": "€",
            "bytes": b"\xff\x00",
            "float": 1.0,
            "list": [1, 2],
            "map": {"a": 1},
            "empty array": [],
            "empty object": {},
            "sparse": {1: "one", 3: "three"},
        }
        assert isinstance(dealer.call("types", None)["float"], float)


def test_php_sees_the_types_that_were_sent(programs):
    with programs.server("php") as server, Dealer(server.endpoint) as dealer:
        sent = [None, True, 1, 1.0, "text", b"\xff", [], {}, (1 << 64) - 1]
        expected = ["null", "bool", "int", "float", "string", "string", "array", "array", "string"]
        assert dealer.call("typed", sent) == expected


def test_texts_of_every_size_of_header(dealer):
    for size in (0, 1, 31, 32, 255, 256, 65_535, 65_536, 1_000_000):
        for value in ("é" * (size // 2), b"\xff" * max(size, 1), [7] * size):
            assert dealer.call("echo", value) == value


# Maps whose keys are 0, 1, 2, … are lists to PHP, and so is the empty map.
plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(min_size=1).map(lambda data: data + b"\xff"),
    lambda inside: st.lists(inside, max_size=5)
    | st.dictionaries(st.text(alphabet="abcxyzß€", min_size=1), inside, min_size=1, max_size=5),
    max_leaves=30,
)


@given(value=plain_values)
def test_any_plain_value_comes_back(dealer, value):
    assert dealer.call("echo", value) == value


@given(value=plain_values)
def test_any_plain_value_comes_back_to_our_clients(client, value):
    assert client.call("echo", value) == ["answer", value]


@pytest.fixture
def client(programs, language, server):
    with programs.client(language, server.endpoint) as client:
        yield client


def test_many_answers_of_any_size_are_each_their_own(dealer):
    bodies = [request("echo", "x" * (number * 37 % 5000)) for number in range(500)]
    for number, answer in enumerate(dealer.ask_all(bodies)):
        assert len(read(answer)) == number * 37 % 5000
    assert dealer.ask(GOOD) == GOOD_ANSWER
