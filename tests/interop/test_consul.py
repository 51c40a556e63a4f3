"""The command and a real Consul: registration, services."""

import contextlib
import json
import re
import signal
import subprocess

import pytest

from plain import Dealer, fault, read, request
from processes import PATIENCE, wait_until
from programs import ROOT
from serving import Supervisor, kill
from test_allowed_keys import with_keys
from test_curve import Key

OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")


@pytest.fixture
def zroute(programs):
    program = programs.library.parent / "zroute"

    def run(*arguments):
        command = [program, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)

    run.program = program
    return run


@pytest.fixture
def services(zroute, consul):
    def ask(*arguments):
        ended = zroute("services", "--json", *arguments or [consul.url()])
        assert ended.returncode in (0, 1), ended
        lines = map(json.loads, ended.stdout.splitlines())
        return {line["endpoint"]: line for line in lines if line["service"] != "consul"}

    return ask


def server(programs, consul, *options, rest="time?tag=rpc&version=1.0", **more):
    # The shortest that leaves some time to a busy machine.
    return Supervisor(programs, f"--register={consul.url(rest)}", "--service-ttl=3s", *options, **more)


def health(services, endpoint):
    return services().get(endpoint, {}).get("health")


def test_servers_register_and_leave(programs, consul, zroute, services):
    with contextlib.ExitStack() as stack:
        options = ["--service-tag=fast", "--service-meta=weight=2", "--service-meta=version=1.1"]
        first, killed, stopped = (
            stack.enter_context(server(programs, consul, *options, workers=1)) for _ in range(3)
        )
        endpoints = {one.endpoint for one in (first, killed, stopped)}

        def passing():
            return {at for at, one in services().items() if one["health"] == "passing"}

        wait_until(lambda: passing() == endpoints, "three servers that pass")
        known = services()[first.endpoint]
        assert known["tags"] == ["rpc", "fast"]
        assert known["meta"] == {"protocol": "zmq", "version": "1.1", "weight": "2"}
        shown = zroute("services", consul.url("?tag=rpc"), "time")
        assert shown.returncode == 0 and all(at in shown.stdout for at in endpoints)
        assert zroute("services", consul.url(), "nothing").returncode == 1
        with Dealer(stopped.endpoint) as dealer:
            dealer.call("plus", [1, 2])

        killed.send_signal(signal.SIGKILL)
        stopped.send_signal(signal.SIGTERM)
        assert stopped.wait() == 0, stopped
        assert stopped.endpoint not in services()
        wait_until(lambda: health(services, killed.endpoint) == "critical", "the dead one is known as dead")
        wait_until(lambda: passing() == {first.endpoint}, "one is left")
        new = stack.enter_context(server(programs, consul, workers=1))
        wait_until(lambda: passing() == {first.endpoint, new.endpoint}, "the new one")


def test_a_server_is_gone_from_consul_before_it_refuses_calls(programs, consul, services, tmp_path):
    with server(programs, consul) as supervisor, Dealer(supervisor.endpoint) as dealer:
        wait_until(lambda: health(services, supervisor.endpoint) == "passing", "it passes")
        workers = supervisor.wait_for_workers(2)
        for worker in workers:
            kill(worker, signal.SIGSTOP)
        call = dealer.submit(request("plus", [1, 2]))
        wait_until(lambda: supervisor.stats()["open"] >= 1, "the call is taken")
        supervisor.send_signal(signal.SIGTERM)
        # The call that is open holds the end up, and Consul has been told all the same.
        wait_until(lambda: supervisor.endpoint not in services(), "it has left")
        assert supervisor.is_running
        for worker in workers:
            kill(worker, signal.SIGCONT)
        answered, answer = dealer.collect()
        assert answered == call and read(answer) == 3
        assert supervisor.wait() == 0, supervisor


def test_hung_workers_turn_the_check_critical_and_it_comes_back(programs, consul, zroute, services):
    with server(programs, consul, "--stuck-after=1s") as supervisor, Dealer(supervisor.endpoint) as dealer:
        at = supervisor.endpoint
        wait_until(lambda: health(services, at) == "passing", "it passes")
        assert zroute("ping", "--working", at).returncode == 0
        workers = supervisor.wait_for_workers(2)
        for worker in workers:
            kill(worker, signal.SIGSTOP)
        calls = {dealer.submit(request("plus", [number, 1])): number + 1 for number in range(3)}
        wait_until(lambda: health(services, at) == "critical", "it is critical")
        assert "no worker of 2 has answered" in services()[at]["note"]
        # Its supervisor answers still.
        assert zroute("ping", at).returncode == 0
        ended = zroute("ping", "--working", at)
        assert ended.returncode == 2 and f"{at} is stuck: no worker of 2" in ended.stderr
        said = json.loads(zroute("ping", "--working", "--json", at).stdout)
        assert not said["alive"] and said["error"]["kind"] == "stuck"
        shown = zroute("top", "--once", "--interval", "10ms", at).stdout.splitlines()
        assert shown[1].startswith("stuck: no worker of 2 has answered")
        assert sum(" busy " in line for line in shown) == 2

        for worker in workers:
            kill(worker, signal.SIGCONT)
        answers = dict(dealer.collect() for _ in calls)
        assert {call: read(answer) for call, answer in answers.items()} == calls
        wait_until(lambda: health(services, at) == "passing", "it passes again")


@pytest.mark.zmtp("the hung workers above are asked by either")
def test_handlers_that_hang_turn_the_check_critical_until_they_are_ended(programs, consul, zroute, services):
    options = ["--stuck-after=1s", "--exec-timeout=15s"]
    with server(programs, consul, *options) as supervisor, Dealer(supervisor.endpoint) as dealer:
        at = supervisor.endpoint
        wait_until(lambda: health(services, at) == "passing", "it passes")
        supervisor.wait_for_workers(2)
        calls = {dealer.submit(request("nap", [PATIENCE * 1000])) for _ in range(2)}
        wait_until(lambda: health(services, at) == "critical", "it is critical")
        shown = zroute("top", "--once", "--interval", "10ms", at).stdout.splitlines()
        assert shown[1].startswith("stuck: no worker of 2 has answered")
        assert sum(" busy " in line and " nap " in line for line in shown) == 2
        answers = dict(dealer.collect() for _ in calls)
        assert answers.keys() == calls and {fault(answer)[1] for answer in answers.values()} == {"TimeLimit"}
        wait_until(lambda: health(services, at) == "passing", "it passes again")
        assert dealer.call("plus", [1, 2]) == 3


@pytest.mark.zmtp("the hung workers above are asked by either")
def test_ping_is_fit_for_a_script_check(programs, consul, zroute, services):
    with Supervisor(programs, "--stuck-after=1s", workers=1) as supervisor:
        at = supervisor.endpoint
        config = re.search(r"^```hcl\n(.*?)^```$", OPERATIONS, re.MULTILINE | re.DOTALL)[1]
        assert '"zroute", "ping", "--working", "--timeout", "2s", "tcp://127.0.0.1:5555"' in config
        check = {
            "Args": [str(zroute.program), "ping", "--working", "--timeout", "2s", at],
            "Interval": "1s",
            "Timeout": "4s",
        }
        consul.register("time", at, Check=check)
        wait_until(lambda: health(services, at) == "passing", "it passes")
        (worker,) = supervisor.wait_for_workers(1)
        kill(worker, signal.SIGSTOP)
        with Dealer(at) as dealer:
            dealer.submit(request("plus", [1, 2]))
            wait_until(lambda: health(services, at) == "critical", "it is critical")
            assert "no worker of 1 has answered" in services()[at]["note"]
            kill(worker, signal.SIGCONT)
            wait_until(lambda: health(services, at) == "passing", "it passes again")


@pytest.mark.zmtp("the supervisor decides it")
def test_workers_that_are_killed_for_every_call_serve_nobody(programs, consul, services):
    limit = "--exec-timeout=1s"
    with server(programs, consul, limit) as supervisor, Dealer(supervisor.endpoint) as dealer:
        at = supervisor.endpoint
        wait_until(lambda: health(services, at) == "passing", "it passes")
        calls = []

        def is_critical():
            # Callers who try again.
            while len(calls) - supervisor.stats()["faults_handler"] < 8:
                calls.append(dealer.submit(request("spin", [])))
            return health(services, at) == "critical"

        wait_until(is_critical, "it is critical")
        wait_until(lambda: health(services, at) == "passing", "it passes once nobody calls that")


def test_the_probe_is_let_in_where_keys_are_asked_for(programs, consul, services, tmp_path):
    key, caller = Key(), Key()
    (tmp_path / "secret").write_text(key.secret)
    (tmp_path / "allowed").write_text(f"{caller.public}\n")
    options = [f"--curve-secret-key-file={tmp_path / 'secret'}"]
    options += [f"--curve-allowed-keys-file={tmp_path / 'allowed'}"]
    with server(programs, consul, *options, workers=1) as supervisor:
        wait_until(lambda: health(services, supervisor.endpoint) == "passing", "it passes")
        supervisor.send_signal(signal.SIGHUP)
        wait_until(lambda: "reloaded" in supervisor.errors, "the keys are read again")
        with Dealer(supervisor.endpoint, **with_keys(key.public, caller)) as dealer:
            assert dealer.call("plus", [1, 2]) == 3
        # Registered anew it is critical until the probe has been let in again. It cannot be before Consul is seen to have forgotten.
        supervisor.send_signal(signal.SIGSTOP)
        consul.deregister(services()[supervisor.endpoint]["id"])
        wait_until(lambda: health(services, supervisor.endpoint) != "passing", "Consul forgets it")
        supervisor.send_signal(signal.SIGCONT)
        wait_until(lambda: health(services, supervisor.endpoint) == "passing", "it passes again")
        wait_until(lambda: "was registered again" in supervisor.errors, "the log tells it")
        assert supervisor.errors.count("was registered again") == 1


@pytest.mark.zmtp("nothing is served")
def test_what_cannot_be_registered_is_refused_at_the_start(zroute, programs):
    routes = ROOT / "tests/interop/peers/routes.php"
    for url, more, expected in [
        ("consul:///time", ["--bind=ipc:///tmp/zroute-test-consul"], "no endpoint is tcp://"),
        ("consul://", ["--bind=tcp://127.0.0.1:*"], "no service"),
        ("consul:///time?dc=a", ["--bind=tcp://127.0.0.1:*"], "for clients"),
        ("consul:///time", ["--bind=tcp://127.0.0.1:*", "--service-meta=a"], "NAME=TEXT"),
        ("consul:///time", ["--bind=tcp://127.0.0.1:*", "--service-address=*"], "clients connect to"),
    ]:
        ended = zroute("serve", routes, f"--php-dir={ROOT / 'php'}", f"--register={url}", *more)
        assert ended.returncode == 64 and expected in ended.stderr, ended


@pytest.mark.zmtp("nothing is served")
def test_programs_are_told_that_consul_does_not_answer(zroute, consul):
    consul.kill()
    ended = zroute("services", "--json", consul.url())
    assert ended.returncode == 2 and json.loads(ended.stdout)["error"]["kind"] == "consul"
