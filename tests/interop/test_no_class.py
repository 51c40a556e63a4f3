"""No object of any class comes of bytes from outside.

The server in PHP has a class Marker, each magic method of which leaves a file.
"""

import itertools
import random

import msgpack
import pytest

from plain import Dealer, read

SERIALIZED = [
    'O:6:"Marker":1:{s:4:"data";i:1;}',
    'O:6:"Marker":0:{}',
    'C:6:"Marker":0:{}',
    'a:1:{i:0;O:6:"Marker":1:{s:4:"data";i:1;}}',
    '1";}i:1;O:6:"Marker":1:{s:4:"data";i:1;}s:1:"',
    '";i:1;O:6:"Marker":0:{}i:2;s:0:"',
    "s:0:\"\";}}O:6:\"Marker\":0:{}",
]


def packed_values():
    """Values that name the class in the ways of the msgpack extension and of serialize()."""
    marker = b"\xa6Marker"
    # The msgpack extension's own: a nil key holds the class, and types 1 to 6 how to build it.
    for kind in (b"", *(bytes([0xD4, number, 0]) for number in range(8))):
        yield b"\x82\xc0" + marker + b"\xa4data\x01"
        yield b"\x81\xc0" + marker
        yield b"\x82\xc0" + (kind or b"\xc0") + b"\xa1x" + marker
        yield b"\x92" + b"\x81\xc0" + marker + b"\x01"
    for number in range(8):
        yield b"\x82\xc0" + bytes([number]) + b"\x00" + marker
        yield b"\x83\xc0" + bytes([number]) + b"\x00" + marker + b"\x01\x90"
    for text in SERIALIZED:
        yield msgpack.packb(text)
        yield msgpack.packb(text.encode())
        yield msgpack.packb([text, {text: text}])
        yield msgpack.packb(msgpack.ExtType(1, text.encode()))
    yield msgpack.packb({"Marker": {"data": 1}, "__class__": "Marker", "__PHP_Incomplete_Class": 1})


def test_no_class_is_ever_built_from_bytes(programs):
    marker = programs.build / "marker"
    values = list(packed_values())
    bodies = list(values)
    for value, function in itertools.product(values, (b"\xa4echo", b"\xa7classes", b"\xa4plus")):
        bodies.append(b"\x82\xadfunction_name" + function + b"\xaaparameters" + value)
    for value in values:
        bodies.append(b"\x82\xadfunction_name" + value + b"\xaaparameters\x90")
        bodies.append(b"\x83\xadfunction_name\xa4echo\xaaparameters\x90\xa4meta" + value)
        bodies.append(b"\x83\xadfunction_name\xa4echo\xaaparameters\x90" + value + value)
    source = random.Random(10)
    for _ in range(3000):
        damaged = bytearray(source.choice(bodies))
        damaged[source.randrange(len(damaged))] = source.randrange(256)
        bodies.append(bytes(damaged))

    with programs.server("php") as server, Dealer(server.endpoint) as dealer:
        for answer in dealer.ask_all(bodies):
            read(answer)
        assert dealer.call("classes", [[1, {"a": 2}], "b"]) == []
        # A value that does arrive is the text that it was, and no object.
        for text in SERIALIZED:
            assert dealer.call("typed", [text]) == ["string"]
            assert dealer.call("classes", [text]) == []
            assert dealer.call("echo", {text: [text]}) == {text: [text]}
        dealer.assert_served()
        assert not marker.exists(), marker.read_text()
        # Without this the file might be missing for another reason.
        assert dealer.call("marker", []) == "made"
        assert "__destruct" in marker.read_text()
        marker.unlink()


@pytest.mark.parametrize("text", SERIALIZED)
def test_our_clients_build_no_class_either(programs, text):
    marker = programs.build / "marker"
    with programs.server("c") as server, programs.client("php", server.endpoint) as client:
        assert client.call("echo", {text: [text, 1]}) == ["answer", {text: [text, 1]}]
        assert not marker.exists()
