"""`zroute serve`: what the way over the supervisor costs."""

import contextlib

from programs import Caller, Serve, cpu_of, memory_of
from raw_peers import RawPeers

CALLERS = 4


def measure(report, is_quick):
    for workers in (1, 2, 4):
        with Serve(workers) as serve:
            serve.wait_until_up()
            for window in (1, 128):
                _calls(report, serve, workers, window, is_quick)
            if workers == 4:
                _memory(report, serve)
    with Serve(1) as serve:
        serve.wait_until_up()
        count = 100 if is_quick else 10_000
        resident, cpu = serve.resident, serve.cpu
        with RawPeers(serve.endpoint, count):
            row = report.row(f"zroute serve, {count} connections")
            row.add("µs of supervisor to let one in", (serve.cpu - cpu) / count * 1e6)
            row.add("bytes of supervisor each", (serve.resident - resident) / count)
            row.add("descriptors", serve.descriptors)


def _calls(report, serve, workers, window, is_quick):
    callers = 1 if window == 1 else CALLERS
    count = 2_000 if is_quick else 20_000 if window == 1 else 100_000
    label = f"zroute serve, {workers} workers, {callers} x {window} in flight"
    row = report.row(label)
    with contextlib.ExitStack() as stack:
        all_callers = [stack.enter_context(Caller(serve.endpoint)) for _ in range(callers)]
        for caller in all_callers:
            caller.until(1)
            caller.calls(2_000, window)
        for _ in range(report.rounds):
            before = serve.cpu, sum(map(cpu_of, serve.children))
            for caller in all_callers:
                caller.tell(f"calls {count} {window}")
            answers = [caller.read()[1:] for caller in all_callers]
            if any(int(failed) for _, _, failed in answers):
                raise RuntimeError("calls failed")
            wall = max(int(wall) for wall, _, _ in answers) / 1e9
            total = count * callers
            row.add("calls/s", total / wall)
            row.add("µs of supervisor", (serve.cpu - before[0]) / total * 1e6)
            row.add("µs of workers", (sum(map(cpu_of, serve.children)) - before[1]) / total * 1e6)
            row.add("µs of callers", sum(int(own) for _, own, _ in answers) / 1e3 / total)
            row.add("busy core of supervisor, %", (serve.cpu - before[0]) / wall * 100)


def _memory(report, serve):
    row = report.row("memory, MB")
    share, alone = memory_of(serve.pid)
    row.add("supervisor, share", share / 1e6)
    row.add("supervisor, alone", alone / 1e6)
    for worker in serve.children:
        share, alone = memory_of(worker)
        row.add("worker, share", share / 1e6)
        row.add("worker, alone", alone / 1e6)
