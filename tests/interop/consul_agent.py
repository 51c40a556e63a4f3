"""A real Consul, and what stands at its place when it has gone."""

import http.client
import http.server
import json
import socket
import subprocess
import threading

from packaged_peers import missing_peer
from processes import PATIENCE, Process, wait_until
from programs import ROOT, free_port


def consul_program():
    """Where Consul is. Without one the test is skipped, or fails where the peers have to be."""
    fetched = subprocess.run([ROOT / "packaging/fetch-consul"], capture_output=True, text=True, check=False)
    if fetched.returncode == 3:
        missing_peer(fetched.stderr)
    assert fetched.returncode == 0, fetched.stderr
    return fetched.stdout.strip()


def free_ports(count):
    """Ports that are free for TCP and UDP, each another."""
    ports = []
    while len(ports) < count:
        port = free_port()
        if port in ports:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
    return ports


class Consul:
    """An agent in dev mode. Started again, it is empty, at the same port."""

    def __init__(self):
        self.program = consul_program()
        self.port, self._gossip, self._raft = free_ports(3)
        self._process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        ports = (
            f"ports {{ http = {self.port} https = -1 grpc = -1 dns = -1 serf_lan = {self._gossip}"
            f" serf_wan = -1 server = {self._raft} }} enable_script_checks = true"
            # As it is where nothing is set; in dev mode it tells each request, which takes it 0.2 ms.
            ' log_level = "INFO"'
        )
        # Its log is long, and nobody reads the pipe of a Process.
        command = ["sh", "-c", 'exec "$@" >&2', "sh", self.program]
        self._process = Process(
            [*command, "agent", "-dev", "-bind", "127.0.0.1", "-client", "127.0.0.1", "-node", "here", "-hcl", ports]
        )
        wait_until(self._has_leader, "Consul to have a leader")

    def kill(self):
        if self._process:
            self._process.__exit__()
            self._process = None

    def send_signal(self, number):
        self._process.send_signal(number)

    def _has_leader(self):
        assert self._process.is_running, self._process
        try:
            return len(self.ask("GET", "/v1/status/leader")) > 2
        except (OSError, http.client.HTTPException, AssertionError):
            return False

    def url(self, rest=""):
        return f"consul://127.0.0.1:{self.port}/{rest}"

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status == 200, (method, path, answer.status, text)
            return json.loads(text) if text else None
        finally:
            connection.close()

    def register(self, service, endpoint, version="1.0", **more):
        """Makes a server known, by default with a check that passes for longer than a test takes; returns its id."""
        port = int(endpoint.rpartition(":")[2])
        identity = f"{service}-{port}"
        self.ask(
            "PUT",
            "/v1/agent/service/register",
            {
                "ID": identity,
                "Name": service,
                "Address": "127.0.0.1",
                "Port": port,
                "Tags": ["rpc"],
                "Meta": {"version": version, "protocol": "zmq"},
                "Check": {"TTL": "600s", "Status": "passing"},
                **more,
            },
        )
        return identity

    def deregister(self, identity):
        self.ask("PUT", f"/v1/agent/service/deregister/{identity}")

    def healthy(self, service):
        """The ports of the servers whose checks pass."""
        listed = self.ask("GET", f"/v1/health/service/{service}?passing=1")
        return sorted(entry["Service"]["Port"] for entry in listed)


class Broken(http.server.ThreadingHTTPServer):
    """Answers 500 to everything, at a port that an agent has left."""

    daemon_threads = True

    def __init__(self, port):
        self.asked = 0

        class Answering(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.server.asked += 1
                self.send_error(500, "No cluster leader")

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", port), Answering)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self._thread.join(PATIENCE)
        self.server_close()
