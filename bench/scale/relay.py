"""A way between a client and a server that counts what passes."""

import contextlib
import socket
import threading


class Relay:
    def __init__(self, endpoint):
        host, port = endpoint.removeprefix("tcp://").split(":")
        self._server = host, int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self.bytes = [0, 0]
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def _pass_on(self):
        with self._listener, self._listener.accept()[0] as client, socket.create_connection(self._server) as server:
            back = threading.Thread(target=self._copy, args=(server, client, 1), daemon=True)
            back.start()
            self._copy(client, server, 0)
            back.join()

    def _copy(self, source, target, place):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self.bytes[place] += len(data)
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
