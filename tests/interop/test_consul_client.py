"""Clients that find their servers through a real Consul, by name."""

import contextlib
import json
import signal
import subprocess
import time

import pytest

from clock import Clock
from consul_agent import Broken
from plain import Dealer
from processes import PATIENCE, Process, wait_until
from programs import PEERS, ROOT
from serving import Supervisor
from steady_caller import IN_FLIGHT, SteadyCaller

SERVICE = "time-service"
QUERY = "?tag=rpc&version=1.0"


def calls_of(server):
    with Dealer(server.endpoint) as dealer:
        return dealer.call("zroute.stats", [])["calls"]


def wait_for_calls(server):
    before = calls_of(server)
    # Asking is a call too.
    wait_until(lambda: calls_of(server) > before + 20, f"calls at {server.endpoint}")


@pytest.mark.zmtp("its clients see a connection break, and are told to leave")
def test_servers_come_and_go_under_clients_that_call(programs, consul, remarks):
    url = consul.url(SERVICE + QUERY)
    clock = Clock(remarks)
    with contextlib.ExitStack() as stack:

        def serve():
            # Long enough for Consul not to know of a death while the test looks.
            return stack.enter_context(Supervisor(programs, f"--register={url}", "--service-ttl=5s"))

        def ports_of(*servers):
            return sorted(int(server.endpoint.rpartition(":")[2]) for server in servers)

        def are_listed(*servers):
            return consul.healthy(SERVICE) == sorted([*ports_of(*servers), *ports_of(other_version)])

        def all_have(server, connection=True):
            (port,) = ports_of(server)
            return all((port in caller.client.connected_to) == connection for caller in callers)

        other_version = stack.enter_context(Supervisor(programs))
        consul.register(SERVICE, other_version.endpoint, version="2.0")
        killed, stopped, staying = servers = [serve() for _ in range(3)]
        wait_until(lambda: are_listed(*servers), "three servers that pass")
        callers = [
            stack.enter_context(SteadyCaller(stack.enter_context(programs.client(language, url)), again))
            for language in ("php", "c")
            for again in (True, False)
        ]
        for server in servers:
            wait_for_calls(server)

        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert are_listed(*servers)
        # Consul does not know, and yet whoever comes now is answered at once.
        fresh = stack.enter_context(programs.client("php", url))
        began = time.monotonic()
        assert {kind for kind, _ in fresh.calls([("echo", [number]) for number in range(100)])} == {"answer"}
        clock.took(time.monotonic() - began, "100 calls with one of three servers killed", 3)
        counts = [caller.answered for caller in callers]
        wait_until(
            lambda: all(caller.answered > count + 100 for caller, count in zip(callers, counts, strict=True)),
            "calls of all clients without the killed server",
        )
        clock.took(max(caller.longest for caller in callers), "eight calls, some at the server that is killed", 3)

        stopped.send_signal(signal.SIGTERM)
        assert stopped.wait() == 0, stopped
        assert not set(ports_of(stopped)) & set(consul.healthy(SERVICE))

        joining = serve()
        wait_until(lambda: set(ports_of(joining)) < set(consul.healthy(SERVICE)), "Consul to know the new server")
        clock.until(lambda: all_have(joining), "from Consul's knowing a server until all clients have it", 1)
        wait_for_calls(joining)
        # One that does not make itself known again, so that there is time to look.
        guest = stack.enter_context(Supervisor(programs))
        forgotten = consul.register(SERVICE, guest.endpoint)
        wait_until(lambda: all_have(guest), "all clients to have the guest")
        consul.deregister(forgotten)
        clock.until(lambda: all_have(guest, False), "from Consul's forgetting a server until no client has it", 1)
        # It cannot come back before that has been seen.
        staying.send_signal(signal.SIGSTOP)
        consul.deregister(f"{SERVICE}-127.0.0.1-{ports_of(staying)[0]}")
        wait_until(lambda: not set(ports_of(staying)) & set(consul.healthy(SERVICE)), "Consul to forget a server")
        staying.send_signal(signal.SIGCONT)
        wait_until(lambda: are_listed(staying, joining), "the forgotten one to be back, and the dead one known as dead")
        wait_until(lambda: all_have(staying), "all clients to have the server that was forgotten")
        wait_for_calls(joining)
        wait_for_calls(staying)

        for caller in callers:
            _, failures = caller.end()
            # Those alone that the killed server had.
            assert len(failures) <= (0 if caller.idempotent else IN_FLIGHT), (caller.client, failures)
            assert all(kind == "outcome unknown" for kind, _ in failures), failures
        remarks.append(f"servers that come and go: {sum(caller.answered for caller in callers)} calls")
        assert calls_of(other_version) < 10


def test_the_last_good_list_serves_whatever_becomes_of_consul(programs, consul, remarks):
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(Supervisor(programs))
        consul.register(SERVICE, first.endpoint)
        client = stack.enter_context(programs.client("php", consul.url(SERVICE + QUERY)))

        def answered(count=20):
            results = client.calls([("pid", [])] * count)
            assert {kind for kind, _ in results} == {"answer"}, results
            return {value for _, value in results}

        assert answered() <= set(first.wait_for_workers(2))
        began, used = time.monotonic(), client.cpu_seconds
        consul.kill()
        answered()
        with Broken(consul.port) as broken:
            # After 0.25 s, 0.5 s, 1 s: whoever spins has asked far more often.
            wait_until(lambda: broken.asked >= 3, "three questions")
            answered()
            took = time.monotonic() - began
            assert broken.asked <= 3 + 4 * took
        used = client.cpu_seconds - used
        remarks.append(f"Consul away and broken for {took:.1f} s: the client used {used:.2f} s of processor time")
        assert used < max(0.5, took / 4)

        consul.start()
        assert consul.healthy(SERVICE) == []
        answered()
        second = stack.enter_context(Supervisor(programs))
        consul.register(SERVICE, second.endpoint)
        workers = set(second.wait_for_workers(2))
        wait_until(lambda: answered() <= workers, "the list of the Consul that was started empty")


def test_a_process_has_one_resolver_for_a_service(programs, consul):
    script = f"""
        require '{ROOT}/php/autoload.php';
        $names = static fn (): array => array_map(
            static fn (string $file): string => trim(file_get_contents($file)),
            glob('/proc/self/task/*/comm')
        );
        Zroute\\MessagePack::pack(1);
        $told = ['before' => $names()];
        $url = $argv[1];
        for ($i = 0; $i < 3; $i++) {{
            $clients[] = $client = new Zroute\\Client($url);
            $told['answers'][] = $client->call('echo', [$i]);
        }}
        $told['shared'] = Zroute\\Client::shared($url)->call('echo', [3]);
        $told['after'] = $names();
        echo json_encode($told);
    """
    with Supervisor(programs) as server:
        consul.register(SERVICE, server.endpoint)
        with Process([*programs.php, "-r", script, "--", consul.url(SERVICE)], **programs.environment) as process:
            told = json.loads(process.read_all() or process.errors)
    assert "zroute-resolver" not in told["before"]
    assert told["answers"] == [[0], [1], [2]] and told["shared"] == [3]
    assert told["after"].count("zroute-resolver") == 1


def test_a_forked_child_finds_its_servers_itself(programs, consul):
    script = ROOT / "tests/php/clients/shared.php"
    with Supervisor(programs) as server:
        consul.register(SERVICE, server.endpoint)
        command = [*programs.php, "-d", "extension=pcntl", script, consul.url(SERVICE)]
        with Process(command, **programs.environment) as process:
            assert process.read_all() == "child: 6, another\nexit: 0\nparent: 6, the same\n", process


def test_the_language_c_finds_servers_by_the_same_function(programs, consul):
    with programs.server("c") as server:
        consul.register(SERVICE, server.endpoint)
        with programs.client("c", consul.url(SERVICE + QUERY)) as client:
            assert client.call("echo", ["found"]) == ["answer", ["found"]]


def test_an_error_names_the_service_and_what_consul_says(programs, consul):
    def assert_told(url, why):
        with programs.client("php", url) as client:

            def is_told():
                kind, text = client.call("echo", [1], 300)
                assert kind == "not connected" and url.partition("?")[0] in text
                return why in text

            # Until Consul has answered, or refused to, that is what is told.
            wait_until(is_told, f"to be told that {why}")

    assert_told(consul.url(SERVICE + QUERY), "Consul knows no healthy server of it with the tag rpc, the version 1.0")
    consul.kill()
    assert_told(consul.url("other"), "no answer from Consul at")


def test_every_command_takes_a_name(programs, consul):
    zroute = programs.library.parent / "zroute"

    def run(*arguments):
        ended = subprocess.run([zroute, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
        return ended.returncode, ended.stdout, ended.stderr

    url = consul.url(SERVICE + QUERY)
    with Supervisor(programs, routes=PEERS / "routes.php") as server:
        consul.register(SERVICE, server.endpoint)
        assert run("call", url, "plus", "[1,2,3]") == (0, "6\n", "")
        code, output, _ = run("ping", url)
        assert code == 0 and output.startswith(url)
        code, output, _ = run("list", url)
        assert code == 0 and "plus" in output
        code, output, _ = run("bench", "--calls", "10", "--json", url, "plus", "[1]")
        assert code == 0 and json.loads(output)["answered"] == 10
        code, output, _ = run("top", "--once", "--json", "--interval", "50ms", url)
        assert code == 0 and "calls_per_second" in json.loads(output)
        with Supervisor(programs) as other:
            consul.register(SERVICE, other.endpoint)
            code, output, errors = run("top", "--once", "--interval", "50ms", url)
            assert (code, output) == (64, "") and server.endpoint in errors and other.endpoint in errors
    code, output, errors = run("call", consul.url(""), "plus", "[]")
    assert (code, output) == (64, "") and "no service" in errors
