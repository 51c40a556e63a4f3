"""The transport of msgpack-rpc-python over ZeroMQ: one message a body, in the envelope of a DEALER.

The package speaks TCP, which has no place here; its session, ids, futures and
dispatcher are what is tested. It takes a transport and an event loop from outside.
"""

import time

import msgpack
import zmq


class Loop:
    """What the package asks of an event loop: it runs until it is told to stop."""

    def __init__(self):
        self._poller = zmq.Poller()
        self._readers = {}
        self._running = False
        self._stopped = False
        self._every = None
        self._soon = []

    def soon(self, callback):
        self._soon.append(callback)

    def watch(self, socket, reader):
        self._poller.register(socket, zmq.POLLIN)
        self._readers[socket] = reader

    def forget(self, socket):
        self._poller.unregister(socket)
        del self._readers[socket]

    def start(self):
        """As Tornado's: whoever stops it and starts it again inside a callback has stopped it."""
        if self._stopped:
            self._stopped = False
            return
        self._running = True
        while self._soon:
            self._soon.pop()()
        while self._running:
            for socket, _ in self._poller.poll(100):
                self._readers[socket]()
            if self._every and time.monotonic() > self._every[1]:
                self._every[1] = time.monotonic() + self._every[2]
                self._every[0]()
        self._stopped = False

    def stop(self):
        self._running = False
        self._stopped = True

    def attach_periodic_callback(self, callback, milliseconds):
        self._every = [callback, time.monotonic() + milliseconds / 1000, milliseconds / 1000]


class ClientTransport:
    def __init__(self, session, address, reconnect_limit, encodings):
        self._session = session
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.linger = 1000
        self._socket.connect(address)
        session._loop.watch(self._socket, self._read)

    def send_message(self, message, callback=None):
        self._socket.send_multipart([b"", msgpack.packb(message)])
        if callback:
            # A notification: the package goes into the loop until it is told that this has gone.
            self._session._loop.soon(callback)

    def _read(self):
        while self._socket.poll(0):
            *_, body = self._socket.recv_multipart()
            kind, number, error, result = msgpack.unpackb(body, strict_map_key=False)
            assert kind == 1, body
            self._session.on_response(number, error, result)

    def close(self):
        self._session._loop.forget(self._socket)
        self._socket.close()


class _Answer:
    """Where the package sends the answer to one request."""

    def __init__(self, socket, envelope):
        self._socket = socket
        self._envelope = envelope

    def send_message(self, message):
        self._socket.send_multipart([*self._envelope, msgpack.packb(message)])


class ServerTransport:
    def __init__(self, address, encodings):
        self._socket = zmq.Context.instance().socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.bind(address)
        self.endpoint = self._socket.last_endpoint.decode()

    def listen(self, server):
        self._server = server
        server._loop.watch(self._socket, self._read)

    def _read(self):
        *envelope, body = self._socket.recv_multipart()
        kind, *message = msgpack.unpackb(body, strict_map_key=False)
        if kind == 0:
            self._server.on_request(_Answer(self._socket, envelope), *message)
        elif kind == 2:
            self._server.on_notify(*message)

    def close(self):
        self._server._loop.forget(self._socket)
        self._socket.close()
