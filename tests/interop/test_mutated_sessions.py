"""Good sessions with random damage, thousands of them: the server lives, and a client beside them
gets every answer.

`ZROUTE_MUTATIONS` is how many there are to a server, for a longer campaign, and `ZROUTE_MUTATION_SEED`
begins elsewhere.
"""

import contextlib
import os
import random
import selectors
import socket
import struct
import threading
import time

import pytest
import zmq

import zmtp
from callers import served_all_the_time
from plain import GOOD, GOOD_ANSWER, Peer, request
from processes import PATIENCE

COUNT = int(os.environ.get("ZROUTE_MUTATIONS") or 10_000)
SEED = int(os.environ.get("ZROUTE_MUTATION_SEED") or 20150923)
WAVE = 100


class Recorder:
    """Stands between one peer and the server, and keeps what the peer sends."""

    def __init__(self, endpoint):
        self._server = zmtp.connect(endpoint, PATIENCE)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.endpoint = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self.bytes = bytearray()
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def _pass_on(self):
        peer, _ = self._listener.accept()
        with peer, self._server, selectors.DefaultSelector() as selector:
            selector.register(peer, selectors.EVENT_READ, self._server)
            selector.register(self._server, selectors.EVENT_READ, peer)
            while True:
                for key, _ in selector.select(PATIENCE):
                    # Either end may close with something unread.
                    try:
                        data = key.fileobj.recv(65536)
                        if not data:
                            return
                        if key.fileobj is peer:
                            self.bytes += data
                        key.data.sendall(data)
                    except ConnectionError:
                        return

    def finish(self):
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self._listener.close()
        return bytes(self.bytes)


@pytest.fixture(scope="module")
def sessions(server):
    """What good peers send, from their greeting to their end."""
    heartbeats = {"heartbeat_ivl": 1, "heartbeat_timeout": 5000, "heartbeat_ttl": 5000}
    kinds = [
        (zmq.REQ, {}, []),
        (zmq.REQ, {"req_correlate": True, "req_relaxed": True, "routing_id": b"somebody"}, []),
        (zmq.DEALER, {}, [b""]),
        (zmq.DEALER, heartbeats, [b"\0\0\0\x07", b""]),
        (zmq.DEALER, {}, []),
    ]
    recorded = []
    for kind, options, envelope in kinds:
        recorder = Recorder(server.endpoint)
        with Peer(kind, recorder.endpoint, **options) as peer:
            for number in range(5):
                peer.exchange(*envelope, request("echo", [number, "x" * 100 * number]))
            peer.exchange(*envelope, GOOD)
        recorded.append(recorder.finish())
        assert recorded[-1].count(b"function_name") == 6
    return recorded


INTERESTING = [
    zmtp.greeting(), zmtp.ready(b"DEALER"), zmtp.ready(b"PUB"),
    zmtp.command(b"READY"), zmtp.command(b"ERROR", b"\x03no!"), zmtp.command(b"HELLO"),
    zmtp.ping(b"x" * 16, 1), zmtp.ping(b"x" * 300), zmtp.command(b"PING"), zmtp.command(b"PONG"),
    zmtp.message(b""), zmtp.message(b"", b""), zmtp.message(b"", b"\xc1"), zmtp.message(b"", GOOD),
    zmtp.message(*[b""] * 20), zmtp.message(*[b"x" * 255, b"x" * 256] * 5), zmtp.message(GOOD),
    b"\x00", b"\xff", b"\x01\x00", b"\x02", b"\x04\x00", b"\x05\x00", b"\x08\x00", b"\xf8\x01x",
    *[bytes([flags]) + struct.pack(">Q", size)
      for flags in (2, 3, 6, 7)
      for size in (0, 1, 255, 256, 1 << 16, 1 << 24, 1 << 31, 1 << 32, (1 << 63) - 1,
                   1 << 63, (1 << 64) - 1)],
]  # fmt: skip


def handshake_of(session):
    """How long the part up to the end of READY is, whose last property is the identity."""
    size = session.index(b"Identity") + len(b"Identity\0\0\0")
    return size + 1 + session[size]


def damaged(source, data, sessions):
    data = bytearray(data)
    for _ in range(source.choice((1, 1, 1, 2, 3, 8))):
        at = source.randrange(len(data) + 1)
        size = source.choice((1, 2, 4, 9, 40, 300))
        match source.randrange(8):
            case 0 if at < len(data):
                data[at] ^= 1 << source.randrange(8)
            case 1 if at < len(data):
                data[at] = source.choice((0, 1, 2, 4, 127, 128, 254, 255))
            case 2:
                del data[at:]
            case 3:
                del data[at : at + size]
            case 4:
                data[at:at] = data[at : at + size] * source.choice((1, 2, 50))
            case 5:
                other = source.choice(sessions)
                data[at:] = other[source.randrange(len(other)) :]
            case 6:
                data[at:at] = source.choice(INTERESTING)
            case 7:
                data[at:at] = source.randbytes(size)
    return bytes(data)


class Mutated:
    """A connection that sends one damaged session."""

    def __init__(self, address, source, sessions):
        self._source = source
        session = source.choice(sessions)
        end = handshake_of(session)
        # Damage in the handshake hides all that follows, so most sessions have it later.
        if source.random() < 0.3:
            self._parts = [damaged(source, session[:end], sessions) + session[end:]]
        else:
            self._parts = [session[:end], damaged(source, session[end:], sessions)]
        self.bytes = b"".join(self._parts)
        self._received = b""
        self.answers = 0
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(address)

    @property
    def wants_to_send(self):
        # A peer that does not wait for the other's READY may be reset.
        waits = len(self._parts) == 1 and self.bytes != self._parts[0]
        return bool(self._parts) and not (waits and b"\x05READY" not in self._received)

    def turn(self, events):
        """Sends and receives; false at the server's end of the connection."""
        try:
            if events & selectors.EVENT_READ:
                data = self.socket.recv(1 << 20)
                if not data:
                    return False
                # Answers of one frame, cut anywhere: the last byte may be in the next piece.
                self._received = (self._received + data)[-4096:]
                self.answers += data.count(b"\x00\x01" + GOOD_ANSWER)
            if events & selectors.EVENT_WRITE and self.wants_to_send:
                # Some arrive in pieces.
                size = self._source.choice((1, 70, 200, 1 << 20, 1 << 20))
                self._parts[0] = self._parts[0][self.socket.send(self._parts[0][:size]) :]
                if not self._parts[0]:
                    del self._parts[0]
        except BlockingIOError:
            pass
        except (ConnectionResetError, BrokenPipeError):
            return False
        return True

    def finish(self):
        """Says that no more comes, or goes without a word; false if that was the end."""
        self._parts = []
        if self._source.random() < 0.1:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        return True


def run(connections):
    """Lets them send, and waits until the server has ended each; returns how many answers came."""
    deadline = time.monotonic() + PATIENCE
    answers = 0
    finishing = False
    with selectors.DefaultSelector() as selector:

        def end(connection):
            nonlocal answers
            selector.unregister(connection.socket)
            connection.socket.close()
            answers += connection.answers

        both = selectors.EVENT_READ | selectors.EVENT_WRITE
        for connection in connections:
            selector.register(connection.socket, both, connection)
        while left := [key.data for key in selector.get_map().values()]:
            assert time.monotonic() < deadline, (
                f"the server keeps {len(left)} connections, as this one: {left[0].bytes.hex()}"
            )
            ready = selector.select(0.01)
            for key, events in ready:
                if not key.data.turn(events):
                    end(key.data)
                else:
                    wanted = both if key.data.wants_to_send else selectors.EVENT_READ
                    selector.modify(key.fileobj, wanted, key.data)
            if not ready and not finishing:
                # All have sent what they could, and the server has answered what it would.
                finishing = True
                for connection in left:
                    if not connection.finish():
                        end(connection)
    return answers


def test_mutated_sessions_harm_nobody(programs, language, sessions, remarks):
    source = random.Random(f"{SEED} {language}")
    with programs.server(language, handshake_ms=2000) as server:
        host, port = server.endpoint.removeprefix("tcp://").rsplit(":", 1)
        with served_all_the_time(server) as caller:
            sockets, memory, began = server.sockets, server.memory, time.monotonic()
            answers = 0
            for _ in range(-(-COUNT // WAVE)):
                address = (host, int(port))
                answers += run([Mutated(address, source, sessions) for _ in range(WAVE)])
                caller.wait_for_answers(1)
                assert server.is_running, server
            server.wait_for_sockets(sockets)
            grown = server.memory - memory
            remarks.append(
                f"{COUNT} mutated sessions of the {language} server in "
                f"{time.monotonic() - began:.1f} s: it grew by {grown >> 10} KiB, a client beside "
                f"them made {caller.answered} calls; {answers} still got their last answer"
            )
            assert grown < 128 << 20
            assert answers > COUNT / 30, "the damaged sessions do not reach the functions"
        assert server.is_running, server


def test_each_recorded_session_is_good(server, sessions):
    for session in sessions:
        with zmtp.Session(server.endpoint) as again:
            end = handshake_of(session)
            again.send(session[:end])
            again.expect_ready()
            again.send(session[end:])
            for _ in range(6):
                again.read_message()
