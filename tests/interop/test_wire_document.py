"""docs/wire.md tells the truth: its bytes and its client, against our servers and the seed's."""

import re
import subprocess
import sys

import pytest
import zmq

import packaged_peers
from plain import Peer
from processes import PATIENCE
from programs import ROOT

DOCUMENT = (ROOT / "docs/wire.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


def frames(block, direction):
    """The frames of one direction; a line that begins with a space goes on with the last one."""
    lines = re.sub(r"\n +", " ", block).splitlines()
    return [
        b"" if line[2:] == '""' else bytes.fromhex(line[2:])
        for line in lines
        if line.startswith(direction)
    ]


EXCHANGES = blocks("exchange")
CHANNELS = blocks("channel")


def test_the_document_has_exchanges():
    assert len(EXCHANGES) == 12
    assert len(CHANNELS) == 3
    assert all(frames(block, "→") and frames(block, "←") for block in EXCHANGES)


@pytest.mark.parametrize("number", range(len(EXCHANGES)))
def test_the_bytes_of_an_exchange_are_real(server, number):
    with Peer(zmq.DEALER, server.endpoint) as peer:
        assert peer.exchange(*frames(EXCHANGES[number], "→")) == frames(EXCHANGES[number], "←")


def without_server_id(frame):
    """An event of the server, whose number is that of all events that it has sent."""
    return re.sub(rb"(message_id\xb0).{16}", rb"\1", frame, flags=re.DOTALL)


@pytest.mark.parametrize("number", range(len(CHANNELS)))
def test_the_bytes_of_a_channel_are_real(server, number):
    with Peer(zmq.DEALER, server.endpoint) as peer:
        for turn in re.split(r"\n(?=→ \"\")", CHANNELS[number]):
            peer.send(*frames(turn, "→"))
            expected = frames(turn, "←")
            while expected:
                came = peer.receive()
                told, expected = expected[: len(came)], expected[len(came) :]
                assert [*map(without_server_id, came)] == [*map(without_server_id, told)]


PLAIN, ZERORPC = blocks("python")


@pytest.fixture
def said_by(tmp_path):
    """What a client of the document prints."""

    def run(source, server):
        script = tmp_path / "client.py"
        script.write_text(source, encoding="utf-8")
        command = [sys.executable, script, server.endpoint]
        return subprocess.run(command, capture_output=True, timeout=PATIENCE, text=True, check=True).stdout

    return run


def test_the_client_in_python_gets_19(server, said_by):
    assert said_by(PLAIN, server) == "19\n"


def test_the_client_in_python_gets_19_from_the_seeds_server(seed_server, said_by):
    assert said_by(PLAIN, seed_server) == "19\n"


def test_the_zerorpc_client_in_python_calls_and_reads_a_stream(server, said_by):
    assert said_by(ZERORPC, server) == "3 499500\n"


def test_the_zerorpc_client_in_python_does_so_with_zerorpcs_own_server(said_by):
    with packaged_peers.zerorpc_python_server() as server:
        assert said_by(ZERORPC, server) == "3 499500\n"


def test_every_code_is_described():
    source = (ROOT / "src/wire/fault.rs").read_text(encoding="utf-8")
    codes = re.findall(r"Self::(\w+) => (-32\d+),", source)
    names = dict(re.findall(r"Self::(\w+) => \"(\w+)\",", source))
    assert len(codes) == 11
    for variant, code in codes:
        assert f"| {code} | `{names[variant]}` |" in DOCUMENT
