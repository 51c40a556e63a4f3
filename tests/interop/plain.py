"""The plain dialect as a peer in Python speaks it, and a DEALER to speak it with."""

import itertools

import msgpack
import zmq
from zmq.utils.monitor import recv_monitor_message

from processes import PATIENCE

PARSE = -32700
REQUEST = -32600
UNKNOWN_FUNCTION = -32601
PARAMETERS = -32602
HANDLER = -32603
DEADLINE = -32001
TOO_LARGE = -32004
SHUTTING_DOWN = -32005


def request(function, parameters, **more):
    return msgpack.packb({"function_name": function, "parameters": parameters, **more})


def around(parameters):
    """A request whose parameters are these bytes."""
    return b"\x82\xadfunction_name\xa4echo\xaaparameters" + parameters


GOOD = request("plus", [1, 2, 2, 3, 3, 4, 2, 3, -1])
GOOD_ANSWER = b"\x13"


def read(body):
    """The value of an answer, with keys of any type."""
    return msgpack.unpackb(body, strict_map_key=False)


def fault(body):
    """Code, name and message of an answer that has to be a fault."""
    answer = read(body)
    assert isinstance(answer, dict) and list(answer) == ["__error__"], f"no fault: {answer!r:.200}"
    fault = answer["__error__"]
    assert list(fault) == ["code", "name", "message"], fault
    assert isinstance(fault["name"], str) and fault["name"]
    assert isinstance(fault["message"], str) and fault["message"]
    return fault["code"], fault["name"], fault["message"]


def code(body):
    return fault(body)[0]


class Peer:
    """A socket of pyzmq whose waits end."""

    def __init__(self, kind, endpoint, **options):
        self._context = zmq.Context()
        self.socket = self._context.socket(kind)
        self.socket.linger = 0
        self.socket.rcvtimeo = self.socket.sndtimeo = PATIENCE * 1000
        self.socket.rcvhwm = self.socket.sndhwm = 0
        for name, value in options.items():
            setattr(self.socket, name, value)
        self._monitor = self.socket.get_monitor_socket()
        self.socket.connect(endpoint)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._context.destroy(linger=0)

    def send(self, *frames):
        self.socket.send_multipart(frames)

    def receive(self):
        return self.socket.recv_multipart()

    def expect_event(self, *events):
        """Waits until one of these has happened to the connection."""
        while True:
            assert self._monitor.poll(PATIENCE * 1000), f"waited in vain for any of {events}"
            event = recv_monitor_message(self._monitor)
            if event["event"] in events:
                return event

    def has_seen_no_event(self, *events):
        """Whether none of these has happened to the connection and was not waited for."""
        while self._monitor.poll(0):
            if recv_monitor_message(self._monitor)["event"] in events:
                return False
        return True

    def exchange(self, *frames):
        self.send(*frames)
        return self.receive()


class Dealer(Peer):
    """Sends bodies under ids of its own and finds the answers by them."""

    def __init__(self, endpoint, **options):
        super().__init__(zmq.DEALER, endpoint, **options)
        self._ids = (number.to_bytes(8, "big") for number in itertools.count(1))

    def submit(self, body):
        call = next(self._ids)
        self.send(call, b"", body)
        return call

    def collect(self):
        call, delimiter, body = self.receive()
        assert delimiter == b"", "the delimiter is expected back"
        return call, body

    def ask(self, body):
        """The body of the answer to this body."""
        call = self.submit(body)
        answered, answer = self.collect()
        assert answered == call, "an answer to another call"
        return answer

    def ask_all(self, bodies):
        """The answers to all bodies, which are in flight at once."""
        calls = [self.submit(body) for body in bodies]
        answers = dict(self.collect() for _ in calls)
        return [answers[call] for call in calls]

    def call(self, function, parameters, **more):
        return read(self.ask(request(function, parameters, **more)))

    def assert_served(self):
        assert self.ask(GOOD) == GOOD_ANSWER
