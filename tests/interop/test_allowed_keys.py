"""CURVE with a list of clients: who is not on it never reaches a handler."""

import contextlib
import os

import pytest
import zmq

from plain import GOOD, GOOD_ANSWER, Peer, request
from test_curve import Key, curve

pytestmark = pytest.mark.skipif(not zmq.has("curve"), reason="this pyzmq has no CURVE")

TRIES = int(os.environ.get("STRANGERS") or 300)
"""How many strangers try; 10,000 is a campaign."""


@pytest.fixture(scope="module")
def key():
    return Key()


@pytest.fixture(scope="module")
def client_key():
    return Key()


@pytest.fixture(scope="module")
def server(programs, language, key, client_key, tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    (folder / "secret").write_text(key.secret + "\n")
    (folder / "allowed").write_text(f"# whom we know\n{client_key.public} a client\n")
    files = {"curve_secret_key_file": folder / "secret", "curve_allowed_keys_file": folder / "allowed"}
    with programs.server(language, **files) as server:
        yield server
        assert server.is_running, f"the server has ended: {server}"


def with_keys(server_key, own):
    return {
        "curve_serverkey": server_key.encode(),
        "curve_publickey": own.public.encode(),
        "curve_secretkey": own.secret.encode(),
    }


def assert_served(server, key, client_key):
    with Peer(zmq.REQ, server.endpoint, **with_keys(key.public, client_key)) as peer:
        assert peer.exchange(GOOD) == [GOOD_ANSWER]


def test_who_is_on_the_list_is_served(server, key, client_key):
    assert_served(server, key, client_key)


def test_a_stranger_is_told_that_its_key_is_not_allowed(server, key):
    with Peer(zmq.DEALER, server.endpoint, **curve(key.public)) as peer:
        peer.send(b"", GOOD)
        event = peer.expect_event(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        assert event["value"] == 400


def test_no_stranger_reaches_a_handler(server, key, client_key):
    """One that did would hold up the server for everybody."""
    for first in range(0, TRIES, 50):
        with contextlib.ExitStack() as stack:
            strangers = [
                stack.enter_context(Peer(zmq.DEALER, server.endpoint, **curve(key.public)))
                for _ in range(min(50, TRIES - first))
            ]
            for stranger in strangers:
                # Those that were turned away already cannot.
                with contextlib.suppress(zmq.Again):
                    frames = [b"", request("hold", "a stranger")]
                    stranger.socket.send_multipart(frames, zmq.DONTWAIT)
            for stranger in strangers:
                stranger.expect_event(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        assert_served(server, key, client_key)


@pytest.mark.parametrize("client_language", ["php", "c"])
def test_our_clients_show_who_they_are(programs, server, key, client_key, client_language):
    options = {"curve_server_key": key.public, "curve_secret_key": client_key.secret}
    with programs.client(client_language, server.endpoint, **options) as client:
        assert client.call("echo", "it is me") == ["answer", "it is me"]
    options["curve_secret_key"] = Key().secret
    with programs.client(client_language, server.endpoint, **options) as client:
        kind, _ = client.call("echo", "it is not", 300)
        assert kind in ("not connected", "timeout")
