"""What Consul has to do: passes, lists, a change, its own restart."""

import contextlib
import time

from programs import Consul, Followers, Registrants

FIRST_PORT = 20_000
LIST = "/v1/health/service/time-service?passing=1"


def measure(report, program, is_quick):
    for servers, clients in ((5, 10),) if is_quick else ((100, 100), (200, 500)):
        _one(report, program, servers, clients)
    _per_address(report, program, 20 if is_quick else 500)


def _one(report, program, servers, clients):
    label = f"Consul, {servers} servers, {clients} clients"
    with contextlib.ExitStack() as stack:
        consul = stack.enter_context(Consul(program, connections=10_000))
        registrants = stack.enter_context(Registrants(consul.url(), servers, FIRST_PORT))
        row = report.row(label)
        row.add("s until all servers are known", _until_known(consul, servers, 60)[0])
        _start(report.row(f"{label}, all clients start"), stack, consul, clients, servers)
        followers = stack.enter_context(Followers(consul.url(), clients))
        with followers.until(servers):
            pass
        row.add("bytes of the list", len(consul.get(LIST)))
        row.add("KB of a follower, in one process", followers.resident / clients / 1e3)
        # Whoever came last may be about to read the list again.
        time.sleep(3)
        _passes(row, consul, registrants)
        for place in range(report.rounds):
            leaves, joins = report.row(f"{label}, one leaves"), report.row(f"{label}, one joins")
            _change(leaves, consul, followers, registrants, f"leave {place}", servers - 1, clients)
            _change(joins, consul, followers, registrants, f"join {place}", servers, clients)
        consul.restart(is_empty=False)
        _back(report.row(f"{label}, Consul restarts"), consul, followers, registrants, servers)
        consul.restart(is_empty=True)
        _back(report.row(f"{label}, Consul restarts empty"), consul, followers, registrants, servers)


def _start(row, stack, consul, clients, servers):
    cpu, written = consul.cpu, consul.written
    with Followers(consul.url(), clients) as followers:
        with followers.until(servers) as times:
            pass
        row.add("p50 s until a list is right", times[len(times) // 2])
        row.add("the last", times[-1])
        row.add("s of Consul", consul.cpu - cpu)
        row.add("MB sent", (consul.written - written) / 1e6)


def _until_known(consul, servers, patience):
    """Seconds until Consul has so many healthy servers, no longer than that; and how many it has then."""
    began = time.monotonic()
    while True:
        known = consul.get(LIST).count(b'"ServiceName":"time-service"')
        took = time.monotonic() - began
        if known >= servers or took > patience:
            return took, known
        time.sleep(0.25)


def _passes(row, consul, registrants):
    seconds = 15
    cpu, before, began = consul.cpu, int(registrants.ask("counters")[1]), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    passes = int(registrants.ask("counters")[1]) - before
    row.add("passes/s", passes / took)
    row.add("ms of Consul a pass", (consul.cpu - cpu) / passes * 1e3)


def _change(row, consul, followers, registrants, line, wanted, clients):
    cpu, own, written, changes = consul.cpu, followers.cpu, consul.written, int(followers.ask("changes")[0])
    with followers.until(wanted) as times:
        told = registrants.ask(line)
    # Nothing of it is to come any more.
    time.sleep(1)
    row.add("s of the change itself", int(told[0]) / 1e9)
    row.add("p50 s until a list is right", times[len(times) // 2])
    row.add("the last", times[-1])
    row.add("s of Consul", consul.cpu - cpu)
    row.add("MB sent", (consul.written - written) / 1e6)
    row.add("lists taken a client", (int(followers.ask("changes")[0]) - changes) / clients)
    row.add("ms of a client", (followers.cpu - own) / clients * 1e3)


def _back(row, consul, followers, registrants, servers):
    errors, own = int(registrants.ask("counters")[2]), followers.cpu
    took, known = _until_known(consul, servers, 60)
    row.add("s until all servers are known, or 60", took)
    row.add("known then", known)
    time.sleep(10)
    row.add("s of Consul, 10 s later", consul.cpu)
    row.add("MB sent", consul.written / 1e6)
    row.add("s of all clients", followers.cpu - own)
    row.add("requests of servers that failed", int(registrants.ask("counters")[2]) - errors)


def _per_address(report, program, clients):
    """With Consul's own limit some clients of one machine get no list at all."""
    with Consul(program) as consul, Registrants(consul.url(), 1, FIRST_PORT), Followers(consul.url(), clients) as followers:
        time.sleep(15)
        row = report.row(f"one agent as it comes, {clients} clients at one address")
        row.add("clients that have the list", int(followers.ask("known")[0]))
