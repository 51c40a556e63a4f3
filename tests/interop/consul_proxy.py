"""What stands between Consul and those who ask it, and answers otherwise when it is told to."""

import collections
import contextlib
import http.client
import http.server
import socket
import threading

from processes import PATIENCE

HELD = 120
"""Seconds after which Consul has answered every query."""
SLOW = 30


class ConsulProxy(http.server.ThreadingHTTPServer):
    """Hands everything on to an agent, unless `answer` was told another way of WAYS.

    It listens between `open` and `close`, at a port that stays the same. `asked` counts
    requests by method; `held` are the queries that Consul holds.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port):
        super().__init__(("127.0.0.1", 0), _Asked, bind_and_activate=False)
        self.consul_port = port
        self.way = hand_on
        self.asked = collections.Counter()
        self.held = 0
        self.changed = threading.Event()
        self._lock = threading.Lock()
        self._sockets = set()
        self._accepting = None

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.close()

    def open(self):
        self.socket = socket.socket(self.address_family, self.socket_type)
        self.server_bind()
        self.server_activate()
        self._accepting = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self._accepting.start()

    def close(self):
        """Whoever asks is refused, and whoever waits for an answer gets none."""
        self.shutdown()
        self._accepting.join(PATIENCE)
        self.server_close()
        self._hang_up()

    def answer(self, way):
        """Answers so from now on, also those who wait for an answer."""
        self.way = way
        self._hang_up()

    def url(self, rest):
        return f"consul://127.0.0.1:{self.server_address[1]}/{rest}"

    @contextlib.contextmanager
    def counted(self, method, path):
        is_held = int(self.way is hand_on and "index=" in path)
        with self._lock:
            self.asked[method] += 1
            self.held += is_held
        try:
            yield
        finally:
            with self._lock:
                self.held -= is_held

    def keep(self, sock):
        with self._lock:
            self._sockets.add(sock)

    def forget(self, sock):
        with self._lock:
            self._sockets.discard(sock)

    def _hang_up(self):
        with self._lock:
            self.changed.set()
            self.changed = threading.Event()
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def process_request_thread(self, request, client_address):
        self.keep(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.forget(request)

    def handle_error(self, *_):
        """Connections that break are what this is for."""


class _Asked(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.counted(self.command, self.path):
            self.server.way(self)

    do_PUT = do_GET

    def say(self, status, body, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def hand_on(asked):
    """As Consul has it; no answer when there is none."""
    asked.close_connection = True
    consul = http.client.HTTPConnection("127.0.0.1", asked.server.consul_port, timeout=HELD)
    with contextlib.closing(consul), contextlib.suppress(OSError, http.client.HTTPException):
        consul.connect()
        sock = consul.sock
        asked.server.keep(sock)
        try:
            consul.request(asked.command, asked.path, asked.body or None)
            answer = consul.getresponse()
            body = answer.read()
        finally:
            asked.server.forget(sock)
        index = answer.getheader("X-Consul-Index")
        asked.close_connection = False
        asked.say(answer.status, body, **({"X_Consul_Index": index} if index else {}))


def error(asked):
    asked.say(500, b"rpc error: No cluster leader")


def garbage(asked):
    asked.say(200, bytes(range(256)) * 16, X_Consul_Index="7")


def cut_json(asked):
    asked.say(200, b'[{"Node": {"Address": "127.0.0.1"}, "Service": {"Port": 55', X_Consul_Index="7")


def cut_body(asked):
    asked.close_connection = True
    asked.say(200, b"[]", length=99, X_Consul_Index="7")


def slow(asked):
    """Consul's own answer, far too late."""
    if not asked.server.changed.wait(SLOW):
        hand_on(asked)


def hang_up(asked):
    asked.close_connection = True


def endless(asked):
    asked.close_connection = True
    asked.send_response(200)
    asked.send_header("X-Consul-Index", "7")
    asked.send_header("Transfer-Encoding", "chunked")
    asked.end_headers()
    chunk = b"10000\r\n" + b"[" * 0x10000 + b"\r\n"
    while True:
        asked.wfile.write(chunk)


WAYS = [error, garbage, cut_json, cut_body, slow, hang_up, endless]
