"""zroute serve: who is let in, and what SIGHUP changes of it."""

import signal

import pytest
import zmq

from plain import GOOD, GOOD_ANSWER, Peer
from processes import wait_until
from programs import TRANSPORT
from serving import Supervisor
from test_curve import FAILED, Key
from test_allowed_keys import with_keys

pytestmark = pytest.mark.skipif(not zmq.has("curve"), reason="this pyzmq has no CURVE")


def is_served(endpoint, **options):
    """Whether a call is answered, and not the handshake refused."""
    with Peer(zmq.DEALER, endpoint, **options) as peer:
        if peer.expect_event(zmq.EVENT_HANDSHAKE_SUCCEEDED, *FAILED)["event"] != zmq.EVENT_HANDSHAKE_SUCCEEDED:
            return False
        return peer.exchange(b"", GOOD) == [b"", GOOD_ANSWER]


def test_callers_are_let_in_by_their_keys_and_the_list_is_read_again(programs, tmp_path):
    server, known, later = Key(), Key(), Key()
    (tmp_path / "secret").write_text(f"curve\n    secret-key = \"{server.secret}\"\n")
    allowed = tmp_path / "allowed"
    allowed.write_text(f"{known.public} known\n")
    options = [f"--curve-secret-key-file={tmp_path / 'secret'}", f"--curve-allowed-keys-file={allowed}"]
    with Supervisor(programs, *options, workers=1) as supervisor:
        endpoint = supervisor.endpoint
        assert is_served(endpoint, **with_keys(server.public, known))
        assert not is_served(endpoint, **with_keys(server.public, later))
        assert not is_served(endpoint)
        allowed.write_text("this is no key\n")
        supervisor.send_signal(signal.SIGHUP)
        told = f"the allowed keys stay as they are: {allowed}: line 1 is expected"
        wait_until(lambda: told in supervisor.errors, "the log to tell it")
        assert is_served(endpoint, **with_keys(server.public, known))
        allowed.write_text(f"{later.public} later\n")
        supervisor.send_signal(signal.SIGHUP)
        wait_until(lambda: is_served(endpoint, **with_keys(server.public, later)), "the new key is let in")
        assert not is_served(endpoint, **with_keys(server.public, known))


@pytest.mark.skipif(TRANSPORT == "libzmq", reason="a server checks passwords on zmtp alone")
def test_callers_tell_a_password(programs, tmp_path):
    (tmp_path / "password").write_text("open sesame\n")
    options = ["--plain-username=shop", f"--plain-password-file={tmp_path / 'password'}"]
    with Supervisor(programs, *options, workers=1) as supervisor:
        right = {"plain_username": b"shop", "plain_password": b"open sesame"}
        assert is_served(supervisor.endpoint, **right)
        assert not is_served(supervisor.endpoint, **{**right, "plain_password": b"open"})
        assert not is_served(supervisor.endpoint)
