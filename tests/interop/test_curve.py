"""CURVE: who knows the server's key is served, nobody else."""

import pytest
import zmq

from plain import GOOD, GOOD_ANSWER, Peer
from processes import Listener
from programs import python

pytestmark = pytest.mark.skipif(not zmq.has("curve"), reason="this pyzmq has no CURVE")

FAILED = (
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL,
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL,
    zmq.EVENT_HANDSHAKE_FAILED_AUTH,
    zmq.EVENT_DISCONNECTED,
)


class Key:
    def __init__(self):
        self.public, self.secret = (key.decode() for key in zmq.curve_keypair())


@pytest.fixture(scope="module")
def key():
    return Key()


@pytest.fixture(scope="module")
def server(programs, language, key):
    with programs.server(language, curve_secret_key=key.secret) as server:
        yield server
        assert server.is_running, f"the server has ended: {server}"


def curve(server_key):
    own = Key()
    return {
        "curve_serverkey": server_key.encode(),
        "curve_publickey": own.public.encode(),
        "curve_secretkey": own.secret.encode(),
    }


def assert_served(server, key):
    with Peer(zmq.REQ, server.endpoint, **curve(key.public)) as peer:
        assert peer.exchange(GOOD) == [GOOD_ANSWER]


def test_a_client_with_the_servers_key_is_served(server, key):
    assert_served(server, key)


@pytest.mark.parametrize(
    "options",
    [
        lambda: curve(Key().public),
        lambda: {},
        lambda: {"plain_username": b"user", "plain_password": b"password"},
    ],
    ids=["another key", "no mechanism", "PLAIN"],
)
def test_other_clients_are_not_served(server, key, options):
    with Peer(zmq.DEALER, server.endpoint, **options()) as peer:
        peer.send(b"", GOOD)
        peer.expect_event(*FAILED)
        assert_served(server, key)
        assert peer.socket.poll(0) == 0, "an answer without the key"


@pytest.mark.parametrize("client_language", ["php", "c"])
def test_our_clients_use_curve_too(programs, server, key, client_language):
    with programs.client(client_language, server.endpoint, curve_server_key=key.public) as client:
        assert client.call("echo", "secret") == ["answer", "secret"]
    own = Key()
    keys = {"curve_public_key": own.public, "curve_secret_key": own.secret}
    with programs.client(
        client_language, server.endpoint, curve_server_key=key.public, **keys
    ) as client:
        assert client.call("echo", "secret") == ["answer", "secret"]


@pytest.mark.parametrize("client_language", ["php", "c"])
def test_our_clients_without_the_key_find_no_server(programs, server, client_language):
    for options in ({}, {"curve_server_key": Key().public}):
        with programs.client(client_language, server.endpoint, **options) as client:
            kind, _ = client.call("echo", "secret", 300)
            assert kind in ("not connected", "timeout")


@pytest.mark.parametrize("client_language", ["php", "c"])
def test_our_clients_reach_a_curve_server_of_pyzmq(programs, key, client_language):
    with Listener(python("rude_server.py", 1, key.secret)) as server:
        with programs.client(
            client_language, server.endpoint, curve_server_key=key.public
        ) as client:
            assert client.call("echo", "secret") == ["answer", "secret"]
