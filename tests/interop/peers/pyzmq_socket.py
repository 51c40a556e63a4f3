"""A socket of pyzmq that does what it is told: `pyzmq_socket.py KIND`.

stdin and stdout carry messages: a length of four bytes, big-endian, then a value
as Python writes it. In: (order, argument...). Out: what came of it.
"""

import ast
import sys

import zmq
from zmq.utils.monitor import recv_monitor_message

NAMES = {
    int(getattr(zmq, name)): name.removeprefix("EVENT_")
    for name in dir(zmq)
    if name.startswith("EVENT_") and name != "EVENT_ALL"
}


class Socket:
    def __init__(self, kind):
        self._context = zmq.Context()
        self._kind = getattr(zmq, kind)
        self._open()

    def _open(self):
        self._socket = self._context.socket(self._kind)
        self._monitor = self._socket.get_monitor_socket()
        self._events = []

    def leave(self):
        """What comes then is another socket."""
        self._context.destroy(linger=0)
        self._context = zmq.Context()
        self._open()

    def set(self, name, value):
        setattr(self._socket, name, value)

    def connect(self, endpoint):
        self._socket.connect(endpoint)

    def bind(self, endpoint):
        self._socket.bind(endpoint)
        return self._socket.last_endpoint.decode()

    def send(self, frames):
        self._socket.send_multipart(frames)

    def receive(self, milliseconds):
        if self._socket.poll(milliseconds):
            return self._socket.recv_multipart()
        return None

    def send_back(self, count, milliseconds):
        for number in range(count):
            frames = self.receive(milliseconds)
            if frames is None:
                return number
            self.send(frames)
        return count

    def events(self):
        while self._monitor.poll(0):
            self._events.append(NAMES[int(recv_monitor_message(self._monitor)["event"])])
        return self._events

    def libzmq(self):
        return zmq.zmq_version()


socket = Socket(sys.argv[1])
while head := sys.stdin.buffer.read(4):
    order, *arguments = ast.literal_eval(sys.stdin.buffer.read(int.from_bytes(head, "big")).decode())
    answer = repr(getattr(socket, order)(*arguments)).encode()
    sys.stdout.buffer.write(len(answer).to_bytes(4, "big") + answer)
    sys.stdout.buffer.flush()
