"""PLAIN: who knows the user's name and password is served, nobody else, at either end."""

import threading

import pytest
import zmq
from zmq.auth.thread import ThreadAuthenticator

import zmtp
from plain import GOOD, GOOD_ANSWER
from zmtp import Session, command, metadata

pytestmark = pytest.mark.zmtp("its server would need a ZAP handler")

RIGHT = {"plain_username": "reporter", "plain_password": "s3cret pass"}
WRONG = {
    "the wrong password": {**RIGHT, "plain_password": "secret"},
    "the wrong user": {**RIGHT, "plain_username": "somebody"},
    "no password": {**RIGHT, "plain_password": ""},
    "a password that begins right": {**RIGHT, "plain_password": "s3cret pas"},
    "a password that goes on": {**RIGHT, "plain_password": "s3cret pass\0"},
    "a name of 255 bytes": {**RIGHT, "plain_username": "r" * 255},
    "the two exchanged": {
        "plain_username": RIGHT["plain_password"],
        "plain_password": RIGHT["plain_username"],
    },
}
FAILED = {
    "HANDSHAKE_FAILED_NO_DETAIL",
    "HANDSHAKE_FAILED_PROTOCOL",
    "HANDSHAKE_FAILED_AUTH",
}


@pytest.fixture(scope="module")
def server(programs, language):
    with programs.server(language, **RIGHT) as server:
        yield server
        assert server.is_running, f"the server has ended: {server}"


def credentials(options):
    return {name: value.encode() for name, value in options.items()}


@pytest.fixture
def good(server):
    """A session with the right credentials, which has to be served afterwards still."""
    with Session(server.endpoint) as good:
        introduce(good)
        yield good
        assert good.is_served()


def hello(username, password):
    return command(
        b"HELLO", bytes([len(username)]) + username + bytes([len(password)]) + password
    )


INITIATE = command(b"INITIATE", metadata(b"Socket-Type", b"DEALER") + metadata(b"Identity", b""))
GREETING = zmtp.greeting(b"PLAIN", version=(3, 1))
RIGHT_HELLO = hello(b"reporter", b"s3cret pass")


def introduce(session):
    session.send(GREETING + RIGHT_HELLO)
    greeting = session.read_greeting()
    assert greeting[12:32] == b"PLAIN".ljust(20, b"\0")
    assert greeting[32] == 1, "the server says that it is the server"
    assert session.read_command() == (b"WELCOME", b"")
    session.send(INITIATE)
    name, data = session.read_command()
    assert name == b"READY"
    assert metadata(b"Socket-Type", b"ROUTER") in data


def is_refused(session):
    """Whether the connection ends with no answer to a call that is sent after all else."""
    session.send(zmtp.message(b"", GOOD))
    try:
        session.read_greeting()
        while True:
            flags, body = session.read_frame()
            assert flags & 4, f"an answer: {body!r:.200}"
            assert not body.startswith(b"\x05READY"), "the handshake succeeds"
    except (ConnectionResetError, BrokenPipeError):
        return True
    except TimeoutError:
        return False


def test_the_handshake_by_hand(server, good):
    assert good.is_served()


@pytest.mark.parametrize("kind", ["REQ", "DEALER"])
def test_a_peer_with_the_right_credentials_is_served(server, pyzmq, kind):
    envelope = [b""] if kind == "DEALER" else []
    with pyzmq.socket(kind, **credentials(RIGHT)) as peer:
        peer.connect(server.endpoint)
        for _ in range(20):
            assert peer.exchange(*envelope, GOOD) == [*envelope, GOOD_ANSWER]
        assert not FAILED & set(peer.events)


# libzmq takes no empty password.
@pytest.mark.parametrize("what", sorted(set(WRONG) - {"no password"}))
def test_a_peer_with_wrong_credentials_is_refused(server, pyzmq, good, what):
    with pyzmq.socket("REQ", **credentials(WRONG[what])) as peer:
        peer.connect(server.endpoint)
        peer.wait_for_any_event(FAILED)
        assert peer.receive(seconds=0) is None
        assert "HANDSHAKE_SUCCEEDED" not in peer.events


@pytest.mark.parametrize("what", WRONG)
def test_wrong_credentials_are_refused_with_an_error(server, good, what):
    with Session(server.endpoint) as session:
        session.send(GREETING + hello(*credentials(WRONG[what]).values()))
        session.read_greeting()
        name, reason = session.read_command()
        assert name == b"ERROR"
        assert len(reason) == 1 + reason[0]
        assert reason[1:], "a reason is given"
        assert session.is_ended()


def test_a_peer_without_credentials_is_refused(server, pyzmq, good):
    with pyzmq.socket("REQ") as peer:
        peer.connect(server.endpoint)
        peer.wait_for_any_event(FAILED | {"DISCONNECTED"})
        assert peer.receive(seconds=0) is None
        assert "HANDSHAKE_SUCCEEDED" not in peer.events


def test_a_peer_with_credentials_is_refused_where_none_are_asked(programs, language, pyzmq):
    with programs.server(language) as server, Session.introduced(server.endpoint) as good:
        with pyzmq.socket("REQ", **credentials(RIGHT)) as peer:
            peer.connect(server.endpoint)
            peer.wait_for_any_event(FAILED | {"DISCONNECTED"})
            assert peer.receive(seconds=0) is None
        assert good.is_served()


DAMAGED = {
    "NULL": zmtp.greeting(b"NULL") + zmtp.ready(b"DEALER"),
    "CURVE": zmtp.greeting(b"CURVE"),
    "NULL's READY": GREETING + zmtp.ready(b"DEALER"),
    "no HELLO": GREETING + INITIATE,
    "a call instead of a HELLO": GREETING,
    "an empty HELLO": GREETING + command(b"HELLO"),
    "a HELLO with a name alone": GREETING + command(b"HELLO", b"\x08reporter"),
    "a HELLO whose name is cut": GREETING + command(b"HELLO", b"\x08repo"),
    "a HELLO whose password is cut": GREETING + command(b"HELLO", b"\x08reporter\x0bs3cret"),
    "a HELLO with more behind it": GREETING + command(b"HELLO", b"\x08reporter\x0bs3cret pass!"),
    "a HELLO of nobody": GREETING + command(b"HELLO", b"\0\0"),
    "a HELLO that is a message": GREETING + b"\x00" + RIGHT_HELLO[1:],
    "a HELLO and no INITIATE": GREETING + RIGHT_HELLO,
    "two HELLOs": GREETING + RIGHT_HELLO * 2,
    "a READY for an INITIATE": GREETING + RIGHT_HELLO + zmtp.ready(b"DEALER"),
    "an INITIATE that is cut": GREETING
    + RIGHT_HELLO
    + command(b"INITIATE", metadata(b"Socket-Type", b"DEALER")[:-1]),
    "an INITIATE of a PUB": GREETING
    + RIGHT_HELLO
    + command(b"INITIATE", metadata(b"Socket-Type", b"PUB")),
    "a WELCOME": GREETING + command(b"WELCOME"),
    "an ERROR": GREETING + command(b"ERROR", b"\x03400"),
    "the right HELLO after a wrong one": GREETING + hello(b"reporter", b"guess") + RIGHT_HELLO + INITIATE,
}


@pytest.mark.parametrize("what", DAMAGED)
def test_nobody_comes_past_the_mechanism(server, good, what):
    with Session(server.endpoint) as session:
        session.send(DAMAGED[what])
        assert is_refused(session)


def test_a_handshake_of_one_byte_a_packet_is_served(server, good):
    with Session(server.endpoint) as session:
        for byte in GREETING + RIGHT_HELLO:
            session.send(bytes([byte]))
            assert good.is_served()
        session.read_greeting()
        assert session.read_command() == (b"WELCOME", b"")
        for byte in INITIATE:
            session.send(bytes([byte]))
            assert good.is_served()
        assert session.read_command()[0] == b"READY"
        assert session.is_served()


def test_our_client_reaches_our_server(programs, language, server, good):
    with programs.client(language, server.endpoint, **RIGHT) as client:
        assert client.calls([("plus", [1, 2])] * 100) == [["answer", 3]] * 100


@pytest.mark.parametrize("what", [*WRONG, "none"])
def test_our_client_without_the_right_credentials_is_not_connected(
    programs, language, server, good, what
):
    # What ends in a NUL or is empty is no argument of a program.
    options = WRONG.get(what, {})
    if "\0" in "".join(options.values()) or "" in options.values():
        options = {**RIGHT, "plain_password": "s3cret pass "}
    with programs.client(language, server.endpoint, **options) as client:
        outcome, _ = client.call("plus", [1, 2], 500)
        assert outcome == "not connected"


def test_our_client_with_credentials_is_not_connected_where_none_are_asked(programs, language):
    with programs.server(language) as server:
        with programs.client(language, server.endpoint, **RIGHT) as client:
            outcome, _ = client.call("plus", [1, 2], 500)
            assert outcome == "not connected"


@pytest.fixture
def authenticated():
    """A pyzmq ROUTER that asks for PLAIN, its ZAP handler beside it, and a thread that echoes."""
    context = zmq.Context()
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    passwords = {RIGHT["plain_username"]: RIGHT["plain_password"]}
    authenticator.configure_plain(domain="global", passwords=passwords)
    router = context.socket(zmq.ROUTER)
    router.linger = 0
    router.plain_server = True
    router.zap_domain = b"global"
    router.bind("tcp://127.0.0.1:*")
    endpoint = router.last_endpoint.decode()
    ended = threading.Event()

    def send_back():
        while not ended.is_set():
            if router.poll(50):
                router.send_multipart(router.recv_multipart())

    thread = threading.Thread(target=send_back, daemon=True)
    thread.start()
    yield endpoint
    ended.set()
    thread.join()
    authenticator.stop()
    context.destroy(linger=0)


def test_our_client_reaches_a_pyzmq_server_that_asks_for_credentials(
    programs, language, authenticated
):
    with programs.client(language, authenticated, **RIGHT) as client:
        for outcome, value in client.calls([("echo", number) for number in range(50)]):
            assert outcome == "answer" and value["function_name"] == "echo"


@pytest.mark.parametrize("what", ["the wrong password", "the wrong user", "none"])
def test_our_client_is_refused_by_a_pyzmq_server(programs, language, authenticated, what):
    with programs.client(language, authenticated, **WRONG.get(what, {})) as client:
        outcome, _ = client.call("echo", 1, 500)
        assert outcome == "not connected"


@pytest.mark.parametrize("given", ["plain_username", "plain_password"])
def test_a_name_and_a_password_go_together(programs, language, given):
    with pytest.raises(AssertionError, match="plain_"):
        programs.server(language, **{given: RIGHT[given]})
