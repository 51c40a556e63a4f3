"""Every client is connected to every server: what that costs both, and a rolling restart."""

import contextlib
import time

from programs import Caller, Consul, CServer, Serve, free_port

SERVICE = "time-service"


def one_client(report, is_quick):
    """What a client pays for each server in its list."""
    most = 20 if is_quick else 1000
    with contextlib.ExitStack() as stack:
        endpoints = [stack.enter_context(CServer()).endpoint for _ in range(most)]
        for count in [count for count in (1, 10, 50, 100, 200, 500, 1000) if count <= most]:
            row = report.row(f"one client, {count} servers")
            for _ in range(report.rounds):
                with Caller() as idle, Caller(*endpoints[:count]) as caller:
                    row.add("s until connected", caller.until(count))
                    caller.calls(2 * count, 1)
                    calls = 2_000
                    row.add("µs of client a call, 1 in flight", caller.calls(calls, 1)[1] / calls * 1e6)
                    calls = 20_000
                    caller.tell(f"calls {calls} 64")
                    time.sleep(0.2)
                    threads = caller.threads
                    row.add("µs of client a call, 64 in flight", int(caller.read()[2]) / calls / 1e3)
                    row.add("threads meanwhile", threads)
                    row.add("descriptors a server", (caller.descriptors - idle.descriptors) / count)
                    row.add("KB a server", (caller.resident - idle.resident) / count / 1e3)


def whole(report, consul_program, is_quick):
    servers, clients = (4, 5) if is_quick else (50, 100)
    with contextlib.ExitStack() as stack:
        consul = stack.enter_context(Consul(consul_program, connections=10_000))
        url = consul.url(SERVICE)
        began = time.monotonic()
        running = [_begin(stack, url, free_port()) for _ in range(servers)]
        for serve, _ in running:
            serve.wait_until_up()
        row = report.row(f"mesh, {servers} servers x {clients} clients")
        row.add("s until all servers are up", time.monotonic() - began)
        before = [serve.resident for serve, _ in running]
        began = time.monotonic()
        callers = [stack.enter_context(Caller(url)) for _ in range(clients)]
        _until(callers, servers)
        row.add("s until all are connected", time.monotonic() - began)
        after = [serve.resident for serve, _ in running]
        row.add("connections", servers * clients)
        row.add("descriptors of a client", callers[0].descriptors)
        row.add("KB of a client", callers[0].resident / 1e3)
        row.add("descriptors of a server", running[0][0].descriptors)
        grown = (now - then for now, then in zip(after, before))
        row.add("bytes of a server each connection", sum(grown) / servers / clients)
        _signs_of_life(report, running, callers)
        _rolling_restart(report, stack, url, running, callers)


def _begin(stack, url, port):
    serve = Serve(1, "--register", url, bind=f"tcp://127.0.0.1:{port}")
    return stack.enter_context(serve), port


def _until(callers, servers):
    for caller in callers:
        caller.tell(f"until {servers}")
    for caller in callers:
        caller.read()


def _signs_of_life(report, running, callers):
    seconds = 10
    for label, rate in (("nobody calls", 0), ("each client calls once a second", 1), ("ten times a second", 10)):
        row = report.row(f"signs of life, {label}")
        if rate:
            for caller in callers:
                caller.tell(f"steady {rate}")
            time.sleep(2)
        began = time.monotonic()
        masters = sum(serve.cpu for serve, _ in running)
        clients = sum(caller.cpu for caller in callers)
        time.sleep(seconds)
        took = time.monotonic() - began
        row.add("ms of CPU a second, a server", (sum(serve.cpu for serve, _ in running) - masters) / took / len(running) * 1e3)
        row.add("a client", (sum(caller.cpu for caller in callers) - clients) / took / len(callers) * 1e3)
        if rate:
            for caller in callers:
                caller.ask("enough")


def _rolling_restart(report, stack, url, running, callers):
    rate, at_once = 50, 5
    row = report.row(f"rolling restart, {at_once} at once")
    for caller in callers:
        caller.tell(f"steady {rate}")
    began = time.monotonic()
    for first in range(0, len(running), at_once):
        batch = range(first, min(first + at_once, len(running)))
        for place in batch:
            running[place][0].terminate()
        for place in batch:
            serve, port = running[place]
            code = serve.wait()
            if code:
                raise RuntimeError(f"zroute serve ended with {code}")
            running[place] = _begin(stack, url, port)
        for place in batch:
            running[place][0].wait_until_up()
    row.add("s", time.monotonic() - began)
    answers = [caller.ask("enough") for caller in callers]
    row.add("calls", sum(int(calls) for calls, _, _ in answers))
    row.add("calls lost", sum(int(failed) for _, failed, _ in answers))
    row.add("longest call, ms", max(int(longest) for _, _, longest in answers) / 1e6)
    _until(callers, len(running))
