"""Consul dead, empty, or broken in every way, under servers that register and clients that call."""

import contextlib
import os
import signal
import time

import pytest

import consul_proxy
from clock import IS_CAMPAIGN, Clock
from consul_proxy import ConsulProxy
from processes import Process, wait_until
from serving import Supervisor
from steady_caller import IN_FLIGHT, SteadyCaller

SECONDS = float(os.environ.get("DISCOVERY_SECONDS") or 0.5)
"""How long each trouble lasts; the promise is of a minute."""

TTL = 15 if IS_CAMPAIGN else 3
# tests/discovery.rs has them all, for one who asks at a time.
WAYS = consul_proxy.WAYS if IS_CAMPAIGN else [consul_proxy.error, consul_proxy.cut_json, consul_proxy.endless]
SERVICE = "time-service?tag=rpc&version=1.0"

pytestmark = pytest.mark.zmtp("what Consul does to them does not depend on it")


def port_of(server):
    return int(server.endpoint.rpartition(":")[2])


def most_asked(seconds, longest):
    """How many requests at most one who asks makes that are not answered well, pauses cut by a quarter."""
    pause, at, count = 0.25, 0.0, 0
    while at <= seconds:
        at += 0.75 * pause
        pause = min(2 * pause, longest)
        count += 1
    return count


class Scene:
    """Servers that register, clients that call, and a file that follows, all through a proxy or without one."""

    def __init__(self, programs, consul, proxy, folder, stack):
        self.programs, self.consul, self.proxy, self._stack = programs, consul, proxy, stack
        self.servers = [self.serve() for _ in range(3)]
        self.seen = set(map(port_of, self.servers))
        self.callers = [
            stack.enter_context(SteadyCaller(stack.enter_context(programs.client(language, proxy.url(SERVICE))), again))
            for language in ("php", "c")
            for again in (True, False)
        ]
        template, self._file = folder / "ports.jinja", folder / "ports.txt"
        template.write_text("{% for s in services %}{% for i in s.instances %}{{ i.port }}\n{% endfor %}{% endfor %}")
        command = [programs.library.parent / "zroute", "watch", proxy.url("?tag=rpc")]
        self.watch = stack.enter_context(Process([*command, f"--template={template}={self._file}"]))

    def serve(self):
        options = [f"--register={self.proxy.url(SERVICE)}", f"--service-ttl={TTL}s"]
        # One for the long call of each caller, and one to spare.
        return self._stack.enter_context(Supervisor(self.programs, *options, workers=5))

    @property
    def ports(self):
        return set(map(port_of, self.servers))

    @property
    def processes(self):
        return [*self.servers, *(caller.client for caller in self.callers), self.watch]

    @property
    def askers(self):
        """How many ask Consul: the clients, and the file with a query of the catalogue and one of the service."""
        return len(self.callers) + 2

    def is_registered(self):
        return set(self.consul.healthy("time-service")) == self.ports

    def is_known(self):
        """Whether all ask Consul, and have the right list."""
        return self.proxy.held == self.askers and self.has_right_list()

    def has_right_list(self):
        """Whether each client has the connections of the right list, and the file says the same."""
        self.seen |= self.ports
        listed = {int(port) for port in self._file.read_text().split()} if self._file.exists() else set()
        connections = [caller.client.connected_to & self.seen for caller in self.callers]
        return all(ports == self.ports for ports in [listed, *connections])

    def trouble(self, what, seconds, remarks, fewest=0):
        """Lets it last, until there were so many queries: calls go on for one half of it, then all rest, and nothing spins."""
        before, began = dict(self.proxy.asked), time.monotonic()
        counts = [caller.answered for caller in self.callers]
        pass_time(seconds / 2, self.processes)
        wait_until(lambda: self.proxy.asked["GET"] >= before.get("GET", 0) + fewest, f"questions to a Consul that {what}")
        wait_until(
            lambda: all(caller.answered > count for caller, count in zip(self.callers, counts, strict=True)),
            f"calls of all clients while Consul {what}",
        )
        for caller in self.callers:
            caller.rest(seconds / 2)
        used, rested = [process.cpu_seconds for process in self.processes], time.monotonic()
        for caller in self.callers:
            caller.wait_until_rested(seconds / 2)
        used = [process.cpu_seconds - then for process, then in zip(self.processes, used, strict=True)]
        took, rested = time.monotonic() - began, time.monotonic() - rested
        asked = {method: count - before.get(method, 0) for method, count in self.proxy.asked.items()}
        for caller in self.callers:
            caller.go_on()
        gets, puts = asked.get("GET", 0), asked.get("PUT", 0)
        remarks.append(
            f"Consul {what} for {took:.1f} s: {gets} GET and {puts} PUT; the busiest of {len(used)} processes"
            f" used {max(used):.2f} s of processor time in {rested:.1f} s"
        )
        # Whoever spins uses a core.
        busiest = self.processes[used.index(max(used))]
        assert max(used) <= 0.1 + rested / 20, (what, used, str(busiest))
        assert gets <= self.askers * most_asked(took, 10), what
        # A server that Consul does not know: the check, the registration, the check.
        assert puts <= 3 * len(self.servers) * most_asked(took, TTL * 2 / 3), what


def pass_time(seconds, processes):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert all(process.is_running for process in processes)
        time.sleep(0.01)


def test_whatever_becomes_of_consul_calls_go_on_and_nothing_spins(programs, consul, tmp_path, remarks):
    clock = Clock(remarks)
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(ConsulProxy(consul.port))
        scene = Scene(programs, consul, proxy, tmp_path, stack)
        wait_until(scene.is_registered, "three servers that pass")
        wait_until(scene.is_known, "three servers that are called")
        scene.trouble("is well", SECONDS, remarks)

        for way in WAYS:
            proxy.answer(way)
            scene.trouble(f"answers: {way.__name__}", SECONDS, remarks, fewest=scene.askers)
            proxy.answer(consul_proxy.hand_on)
            clock.until(scene.is_registered, f"registered again after {way.__name__}", TTL)
            # Those who ask pause for 10 s by then.
            clock.until(scene.is_known, f"all ask again, and have the right list, after {way.__name__}", 11)

        consul.kill()
        proxy.close()
        # One leaves and one comes, of which Consul hears nothing.
        leaving = scene.servers.pop(0)
        leaving.send_signal(signal.SIGTERM)
        assert leaving.wait() == 0, leaving
        scene.servers.append(scene.serve())
        scene.trouble("is dead", SECONDS, remarks)
        consul.start()
        assert consul.healthy("time-service") == []
        proxy.open()
        clock.until(scene.is_registered, "registered with a Consul that was started empty", TTL)
        clock.until(scene.is_known, "all ask again, and have the right list, after a restart", 11)
        for caller in scene.callers:
            answered, failures = caller.end()
            assert failures == [], caller.client
            assert answered > IN_FLIGHT
        remarks.append(f"Consul in trouble: {sum(caller.answered for caller in scene.callers)} calls, none failed")


def test_a_consul_that_hangs_holds_no_end_up(programs, consul, tmp_path, remarks):
    clock = Clock(remarks)
    with contextlib.ExitStack() as stack:
        scene = Scene(programs, consul, consul, tmp_path, stack)
        wait_until(scene.is_registered, "three servers that pass")
        wait_until(scene.has_right_list, "three servers that are called")
        consul.send_signal(signal.SIGSTOP)
        leaving = scene.servers.pop(0)
        leaving.send_signal(signal.SIGTERM)
        # Consul has a second to forget it.
        clock.until(lambda: not leaving.is_running, "a server's end while Consul hangs", 2)
        assert leaving.wait() == 0, leaving
        for caller in scene.callers:
            assert caller.end()[1] == []
            caller.client.close_stdin()
            clock.until(lambda: not caller.client.is_running, "a client's end while Consul hangs", 1)
            assert caller.client.wait() == 0, caller.client
        scene.watch.send_signal(signal.SIGTERM)
        clock.until(lambda: not scene.watch.is_running, "the end of zroute watch while Consul hangs", 1)
        assert scene.watch.wait() == 0, scene.watch
