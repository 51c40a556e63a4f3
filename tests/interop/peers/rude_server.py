"""A server that answers late, twice, in any order, to nobody and with nonsense.

Prints "listening on ENDPOINT". What it does to a call is told by the function's name.
"""

import random
import sys

import msgpack
import zmq


class Rudeness:
    def __init__(self, socket, seed):
        self.socket = socket
        self.random = random.Random(seed)
        self.kept = []
        self.shuffled = []

    def serve(self):
        *envelope, body = self.socket.recv_multipart()
        call = msgpack.unpackb(body)
        getattr(self, call["function_name"])(envelope, call["parameters"])

    def send(self, envelope, *frames):
        self.socket.send_multipart([*envelope, *frames])

    def answer(self, envelope, value):
        self.send(envelope, msgpack.packb(value))

    def echo(self, envelope, value):
        self.answer(envelope, value)

    def keep(self, envelope, value):
        """Answers when `release` is called, which may be too late."""
        self.kept.append((envelope, value))

    def release(self, envelope, value):
        for other, late in self.kept:
            self.answer(other, late)
        self.kept.clear()
        self.answer(envelope, value)

    def silence(self, envelope, value):
        pass

    def first_then_silence(self, envelope, value):
        if not self.kept:
            self.answer(envelope, value)
        self.kept.append((envelope, value))

    def twice(self, envelope, value):
        self.answer(envelope, value)
        self.answer(envelope, "the second answer")

    def shuffle(self, envelope, parameters):
        """Collects `count` calls, then answers them in any order, some twice."""
        value, count = parameters
        self.shuffled.append((envelope, value))
        if len(self.shuffled) == count:
            answers = self.shuffled + self.random.sample(self.shuffled, count // 2)
            self.random.shuffle(answers)
            self.shuffled = []
            for other, answer in answers:
                self.answer(other, answer)

    def strangers(self, envelope, value):
        """Answers ids that nobody has, and then the one that called."""
        peer, own_id, delimiter = envelope
        number = int.from_bytes(own_id, "big")
        ids = [
            b"",
            own_id[:7],
            own_id + b"\0",
            own_id[::-1],
            bytes(8),
            b"\xff" * 8,
            (number + 1000).to_bytes(8, "big"),
            (number - 1000).to_bytes(8, "big"),
            self.random.randbytes(8),
            self.random.randbytes(2000),
        ]
        for other in ids:
            self.answer([peer, other, delimiter], "for nobody")
        self.answer([peer, b"a frame", own_id, delimiter], "an envelope of two frames")
        self.answer([peer, own_id], "no delimiter")
        self.answer([peer], "a bare body")
        self.send([peer, b""])
        self.send([peer, *[b"x"] * 1000], b"")
        self.answer(envelope, value)

    def two_frames(self, envelope, value):
        self.send(envelope, msgpack.packb(value), msgpack.packb(value))

    def no_body(self, envelope, value):
        self.send(envelope[:-1], b"")

    def bytes(self, envelope, value):
        """Answers with the bytes that it was given; PHP sends them as str when they are UTF-8."""
        self.send(envelope, value if isinstance(value, bytes) else value.encode())


socket = zmq.Context().socket(zmq.ROUTER)
if len(sys.argv) > 2:
    socket.curve_server = True
    socket.curve_secretkey = sys.argv[2].encode()
port = socket.bind_to_random_port("tcp://127.0.0.1")
print(f"listening on tcp://127.0.0.1:{port}", flush=True)
rudeness = Rudeness(socket, int(sys.argv[1]))
while True:
    rudeness.serve()
