"""ZMTP 3 by hand: peers that libzmq would not let us be."""

import contextlib
import socket
import struct
import time

from plain import GOOD, GOOD_ANSWER
from processes import PATIENCE


def greeting(mechanism=b"NULL", version=(3, 0), as_server=0):
    return (
        b"\xff" + bytes(8) + b"\x7f"  # signature
        + bytes(version)
        + mechanism.ljust(20, b"\0")
        + bytes([as_server])
        + bytes(31)
    )  # fmt: skip


GREETING = greeting()


def metadata(name, value):
    """A property, as READY and INITIATE carry them."""
    return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value


def command(name, data=b""):
    body = bytes([len(name)]) + name + data
    size = bytes([len(body)]) if len(body) < 256 else struct.pack(">Q", len(body))
    return bytes([0x04 if len(size) == 1 else 0x06]) + size + body


def ready(socket_type, identity=b""):
    """The command that ends the handshake."""
    properties = metadata(b"Socket-Type", socket_type) + metadata(b"Identity", identity)
    return command(b"READY", properties)


def ping(context=b"", ttl_ds=0):
    """Asks for a PONG; the sender wants to be let go after so many tenths of a second of silence."""
    return command(b"PING", struct.pack(">H", ttl_ds) + context)


def head(size, more=False):
    """What goes before a frame of `size` bytes."""
    if size < 256:
        return bytes([0x01 if more else 0x00, size])
    return bytes([0x03 if more else 0x02]) + struct.pack(">Q", size)


def message(*frames):
    """The bytes of one message of several frames."""
    last = len(frames) - 1
    return b"".join(head(len(frame), i < last) + frame for i, frame in enumerate(frames))


class Messages:
    """Takes messages out of the bytes of a stream, which begins with a greeting."""

    def __init__(self, greeted=False):
        self._stream = bytearray()
        self._greeted = greeted
        self._frames = []

    def feed(self, data):
        """The messages that are whole now; a command is a list of its one body."""
        self._stream += data
        whole = []
        while (frame := self._frame()) is not None:
            flags, body = frame
            self._frames.append(body)
            if not flags & 1:
                whole.append(self._frames)
                self._frames = []
        return whole

    def _frame(self):
        if not self._greeted:
            if len(self._stream) < len(GREETING):
                return None
            del self._stream[: len(GREETING)]
            self._greeted = True
        if len(self._stream) < 2:
            return None
        flags = self._stream[0]
        start = 9 if flags & 2 else 2
        if len(self._stream) < start:
            return None
        size = int.from_bytes(self._stream[1:start], "big")
        if len(self._stream) < start + size:
            return None
        body = bytes(self._stream[start : start + size])
        del self._stream[: start + size]
        return flags, body


def connect(endpoint, timeout, receive_buffer=None):
    """A plain TCP socket to `tcp://host:port`; the kernel takes as much for it as it sees fit, or so many bytes."""
    host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
    connection = socket.socket()
    try:
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(timeout)
        connection.connect((host, int(port)))
    except BaseException:
        connection.close()
        raise
    return connection


def introduce(connection, socket_type):
    """Goes through the handshake; libzmq may reset a peer that sends messages before its end."""
    connection.sendall(GREETING + ready(socket_type))
    messages = Messages()
    while not messages.feed(connection.recv(4096)):
        pass


class Session:
    """A connection to a server of which each byte is the test's own."""

    def __init__(self, endpoint, receive_buffer=None):
        self.socket = connect(endpoint, PATIENCE, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @classmethod
    def introduced(cls, endpoint, socket_type=b"DEALER", version=(3, 1), identity=b"", **more):
        """One whose handshake is over."""
        session = cls(endpoint, **more)
        session.send(greeting(version=version) + ready(socket_type, identity))
        session.expect_ready()
        return session

    @classmethod
    def introduced_in_time(cls, endpoint):
        """The same at a server that gives little time for it, more often than once on a busy machine."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return cls.introduced(endpoint)
            except (ConnectionResetError, BrokenPipeError):
                assert time.monotonic() < until, f"{endpoint} lets nobody in"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends as much as the server takes before it ends the connection."""
        try:
            self.socket.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            pass

    def hang_up(self):
        """Tells the server that nothing more comes, if it still listens."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Ends the connection with an RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def read(self, size):
        """So many bytes of what the server sends."""
        data = bytearray()
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionResetError("the server has ended the connection")
            data += more
        return bytes(data)

    def read_greeting(self):
        return self.read(len(GREETING))

    def read_frame(self):
        """The flags and the body of the next frame."""
        flags = self.read(1)[0]
        return flags, self.read(int.from_bytes(self.read(8 if flags & 2 else 1), "big"))

    def read_command(self):
        """The name and the data of the next frame, which has to be a command."""
        flags, body = self.read_frame()
        assert flags & 4, f"no command: {body!r:.200}"
        return body[1 : 1 + body[0]], body[1 + body[0] :]

    def read_message(self):
        """The next message; an ERROR before it is an end of the connection."""
        frames = []
        while True:
            flags, body = self.read_frame()
            if flags & 4:
                if body.startswith(b"\x05ERROR"):
                    raise ConnectionResetError(f"the server says {body!r:.200}")
                continue
            frames.append(body)
            if not flags & 1:
                return frames

    def expect_ready(self):
        self.read_greeting()
        name, data = self.read_command()
        assert name == b"READY", (name, data)

    def asked(self, *frames):
        """The answer to a message; with no frames, to GOOD."""
        self.send(message(*(frames or (b"", GOOD))))
        return self.read_message()

    def is_served(self):
        """Whether a call is answered, and not the connection ended."""
        try:
            return self.asked() == [b"", GOOD_ANSWER]
        except (ConnectionResetError, BrokenPipeError):
            return False

    def is_ended(self):
        """Whether the server ends the connection in bounded time, whatever it says before."""
        try:
            while self.socket.recv(65536):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
        except TimeoutError:
            return False
        return True


def has_been_read(connection):
    """Whether the other end has taken all that was sent from its kernel."""
    here, there = connection.getsockname(), connection.getpeername()

    def in_proc(address):
        host = int.from_bytes(socket.inet_aton(address[0]), "little")
        return f"{host:08X}:{address[1]:04X}"

    queues = {}
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table.readlines()[1:]:
            _, local, remote, _, queue, *_ = line.split()
            queues[local, remote] = queue.split(":")
    unacknowledged = queues[in_proc(here), in_proc(there)][0]
    unread = queues[in_proc(there), in_proc(here)][1]
    return int(unacknowledged, 16) == int(unread, 16) == 0
