"""Connections without a client behind them: ten thousand cost this end next to nothing."""

import socket

_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
_READY = b"\x05READY\x0bSocket-Type\0\0\0\x03REQ"
_REQUEST = b"\x82\xadfunction_name\xa4plus\xaaparameters\x93\x01\x02\x03"
_CALL = b"\x01\0\0" + bytes([len(_REQUEST)]) + _REQUEST
_ANSWER = b"\x01\0\0\x01\x06"


def _read(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise RuntimeError("the server closed the connection")
        data += more
    return data


class RawPeers:
    """REQ sockets by hand, all of them in lockstep with one server."""

    def __init__(self, endpoint, count):
        host, port = endpoint.removeprefix("tcp://").split(":")
        self._connections = []
        # A few at a time: a thousand at once overflow the loopback's queue.
        while len(self._connections) < count:
            fresh = [socket.create_connection((host, int(port))) for _ in range(min(200, count - len(self._connections)))]
            for connection in fresh:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(_GREETING + b"\x04" + bytes([len(_READY)]) + _READY)
            for connection in fresh:
                _read(connection, 64)
                _read(connection, _read(connection, 2)[1])
            self._connections += fresh

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self._connections:
            connection.close()

    def call_once_each(self):
        for connection in self._connections:
            connection.sendall(_CALL)
        for connection in self._connections:
            if _read(connection, len(_ANSWER)) != _ANSWER:
                raise RuntimeError("wrong answer")
