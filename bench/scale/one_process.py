"""One PHP server in process: what a call costs, and what clients cost that do nothing."""

from programs import Caller, PhpServer
from raw_peers import RawPeers
from relay import Relay


def measure(report, is_quick):
    with PhpServer() as server:
        _calls(report, server, is_quick)
        _bytes(report, server)
    for count in (1, 100) if is_quick else (1, 100, 1_000, 10_000):
        with PhpServer() as server:
            _connections(report, server, count)


def _calls(report, server, is_quick):
    with Caller(server.endpoint) as caller:
        caller.until(1)
        caller.calls(20_000, 64)
        for window in (1, 64, 512):
            count = 2_000 if is_quick else 20_000 if window == 1 else 200_000
            row = report.row(f"PHP server in process, {window} in flight")
            for _ in range(report.rounds):
                before = server.cpu
                wall, own = caller.calls(count, window)
                row.add("calls/s", count / wall)
                row.add("µs of server", (server.cpu - before) / count * 1e6)
                row.add("µs of caller", own / count * 1e6)


def _bytes(report, server):
    relay = Relay(server.endpoint)
    with Caller(relay.endpoint) as caller:
        caller.until(1)
        caller.calls(1, 1)
        before = list(relay.bytes)
        caller.calls(1000, 1)
        row = report.row("bytes on the connection")
        row.add("before the first call, there", before[0])
        row.add("and back", before[1])
        row.add("a call", (relay.bytes[0] - before[0]) / 1000)
        row.add("an answer", (relay.bytes[1] - before[1]) / 1000)


def _connections(report, server, count):
    with Caller(server.endpoint) as caller:
        caller.until(1)
        caller.calls(20_000, 64)
        resident, cpu = server.resident, server.cpu
        with RawPeers(server.endpoint, count) as peers:
            row = report.row(f"PHP server in process, {count} connections")
            row.add("µs of server to let one in", (server.cpu - cpu) / count * 1e6)
            row.add("bytes of server each", (server.resident - resident) / count)
            for _ in range(report.rounds):
                cpu = server.cpu
                caller.calls(5_000, 1)
                row.add("µs of server a call while they are idle", (server.cpu - cpu) / 5_000 * 1e6)
            rounds = max(1, 10_000 // count)
            for _ in range(report.rounds):
                cpu = server.cpu
                for _ in range(rounds):
                    peers.call_once_each()
                row.add("µs of server a call while all call", (server.cpu - cpu) / (rounds * count) * 1e6)
