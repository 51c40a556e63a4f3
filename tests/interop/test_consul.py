"""The command and a real Consul: registration, services, watch."""

import contextlib
import json
import re
import signal
import subprocess
import time

import msgpack
import pytest
import zmq

from consul_agent import Consul
from plain import Dealer, read, request
from processes import PATIENCE, Process, wait_until
from programs import ROOT, free_port
from serving import Supervisor, kill
from test_allowed_keys import with_keys
from test_curve import Key

DOCUMENT = (ROOT / "docs/discovery.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")


@pytest.fixture
def agent():
    with Consul() as agent:
        yield agent


@pytest.fixture
def zroute(programs):
    program = programs.library.parent / "zroute"

    def run(*arguments):
        command = [program, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)

    run.program = program
    return run


@pytest.fixture
def services(zroute, agent):
    def ask(*arguments):
        ended = zroute("services", "--json", *arguments or [agent.url()])
        assert ended.returncode in (0, 1), ended
        lines = map(json.loads, ended.stdout.splitlines())
        return {line["endpoint"]: line for line in lines if line["service"] != "consul"}

    return ask


def server(programs, agent, *options, rest="time?tag=rpc&version=1.0", **more):
    # The shortest that leaves some time to a busy machine.
    return Supervisor(programs, f"--register={agent.url(rest)}", "--service-ttl=3s", *options, **more)


def health(services, endpoint):
    return services().get(endpoint, {}).get("health")


def test_servers_register_and_leave(programs, agent, zroute, services):
    with contextlib.ExitStack() as stack:
        options = ["--service-tag=fast", "--service-meta=weight=2", "--service-meta=version=1.1"]
        first, killed, stopped = (
            stack.enter_context(server(programs, agent, *options, workers=1)) for _ in range(3)
        )
        endpoints = {one.endpoint for one in (first, killed, stopped)}

        def passing():
            return {at for at, one in services().items() if one["health"] == "passing"}

        wait_until(lambda: passing() == endpoints, "three servers that pass")
        known = services()[first.endpoint]
        assert known["tags"] == ["rpc", "fast"]
        assert known["meta"] == {"protocol": "zmq", "version": "1.1", "weight": "2"}
        shown = zroute("services", agent.url("?tag=rpc"), "time")
        assert shown.returncode == 0 and all(at in shown.stdout for at in endpoints)
        assert zroute("services", agent.url(), "nothing").returncode == 1
        with Dealer(stopped.endpoint) as dealer:
            dealer.call("plus", [1, 2])

        killed.send_signal(signal.SIGKILL)
        stopped.send_signal(signal.SIGTERM)
        assert stopped.wait() == 0, stopped
        assert stopped.endpoint not in services()
        wait_until(lambda: health(services, killed.endpoint) == "critical", "the dead one is known as dead")
        wait_until(lambda: passing() == {first.endpoint}, "one is left")
        new = stack.enter_context(server(programs, agent, workers=1))
        wait_until(lambda: passing() == {first.endpoint, new.endpoint}, "the new one")


def test_a_server_is_gone_from_consul_before_it_refuses_calls(programs, agent, services, tmp_path):
    with server(programs, agent) as supervisor, Dealer(supervisor.endpoint) as dealer:
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


def test_hung_workers_turn_the_check_critical_and_it_comes_back(programs, agent, zroute, services):
    with server(programs, agent, "--stuck-after=1s") as supervisor, Dealer(supervisor.endpoint) as dealer:
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

        for worker in workers:
            kill(worker, signal.SIGCONT)
        answers = dict(dealer.collect() for _ in calls)
        assert {call: read(answer) for call, answer in answers.items()} == calls
        wait_until(lambda: health(services, at) == "passing", "it passes again")


def test_ping_is_fit_for_a_script_check(programs, agent, zroute, services):
    with Supervisor(programs, "--stuck-after=1s", workers=1) as supervisor:
        at = supervisor.endpoint
        config = re.search(r"^```hcl\n(.*?)^```$", OPERATIONS, re.MULTILINE | re.DOTALL)[1]
        assert '"zroute", "ping", "--working", "--timeout", "2s", "tcp://127.0.0.1:5555"' in config
        check = {
            "Args": [str(zroute.program), "ping", "--working", "--timeout", "2s", at],
            "Interval": "1s",
            "Timeout": "4s",
        }
        agent.register("time", at, Check=check)
        wait_until(lambda: health(services, at) == "passing", "it passes")
        (worker,) = supervisor.wait_for_workers(1)
        kill(worker, signal.SIGSTOP)
        with Dealer(at) as dealer:
            dealer.submit(request("plus", [1, 2]))
            wait_until(lambda: health(services, at) == "critical", "it is critical")
            assert "no worker of 1 has answered" in services()[at]["note"]
            kill(worker, signal.SIGCONT)
            wait_until(lambda: health(services, at) == "passing", "it passes again")


def test_workers_that_are_killed_for_every_call_serve_nobody(programs, agent, services):
    limit = "--exec-timeout=1s"
    with server(programs, agent, limit) as supervisor, Dealer(supervisor.endpoint) as dealer:
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


def test_the_probe_is_let_in_where_keys_are_asked_for(programs, agent, services, tmp_path):
    key, caller = Key(), Key()
    (tmp_path / "secret").write_text(key.secret)
    (tmp_path / "allowed").write_text(f"{caller.public}\n")
    options = [f"--curve-secret-key-file={tmp_path / 'secret'}"]
    options += [f"--curve-allowed-keys-file={tmp_path / 'allowed'}"]
    with server(programs, agent, *options, workers=1) as supervisor:
        wait_until(lambda: health(services, supervisor.endpoint) == "passing", "it passes")
        supervisor.send_signal(signal.SIGHUP)
        wait_until(lambda: "reloaded" in supervisor.errors, "the keys are read again")
        with Dealer(supervisor.endpoint, **with_keys(key.public, caller)) as dealer:
            assert dealer.call("plus", [1, 2]) == 3
        # Registered anew it is critical until the probe has been let in again.
        agent.deregister(services()[supervisor.endpoint]["id"])
        wait_until(lambda: health(services, supervisor.endpoint) != "passing", "Consul forgets it")
        wait_until(lambda: health(services, supervisor.endpoint) == "passing", "it passes again")


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


# A name, and the endpoints behind it.
TEMPLATE = "{% for s in services %}{{ s.name }}: {{ s.endpoints|join(' ') }}\n{% endfor %}"


class Watched:
    def __init__(self, zroute, agent, folder):
        self.agent, self.folder = agent, folder
        self.template, self.file = folder / "hosts.jinja", folder / "hosts.txt"
        self.template.write_text(TEMPLATE)
        self.reloads = folder / "reloads"
        self.endpoint = f"tcp://127.0.0.1:{free_port()}"
        self.zroute = zroute
        self.ports = 0

    def command(self, *options):
        given = [f"--template={self.template}={self.file}", *options]
        return [self.zroute.program, "watch", self.agent.url("?tag=rpc"), *given]

    def change(self):
        """Another server; returns how the file ends then."""
        self.ports += 1
        endpoint = f"tcp://127.0.0.1:{self.ports}"
        self.agent.register("time-service", endpoint)
        return endpoint

    def says(self, endpoint):
        return self.file.exists() and endpoint in self.file.read_text().split()


@pytest.fixture
def watched(zroute, agent, tmp_path):
    return Watched(zroute, agent, tmp_path)


def test_a_change_reaches_the_file_the_reload_and_the_subscriber(watched, remarks):
    watched.change()
    reload = f"--reload=sh -c 'cat \"$0\" >>{watched.reloads}' {{file}}"
    command = watched.command(reload, f"--publish={watched.endpoint}")
    with Process(command) as watch, zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.linger = 0
        subscriber.subscribe(b"zroute.config")
        subscriber.connect(watched.endpoint)

        def is_subscribed():
            # What happens before the subscription is there is not told.
            watched.change()
            return subscriber.poll(500)

        wait_until(is_subscribed, "the first event")
        while subscriber.poll(1500):
            topic, body = subscriber.recv_multipart()
        began = time.monotonic()
        endpoint = watched.change()
        assert subscriber.poll(PATIENCE * 1000), watch
        took = time.monotonic() - began
        remarks.append(f"zroute watch: from a change in Consul to its event {took:.2f} s")
        number = msgpack.unpackb(body)["number"]
        topic, body = subscriber.recv_multipart()
        change = msgpack.unpackb(body)
        assert topic == b"zroute.config"
        assert change["number"] == number + 1
        assert change["files"] == [str(watched.file)]
        assert {"endpoint": endpoint, "version": "1.0", "tags": ["rpc"]} in change["services"]["time-service"]
        # The event comes last.
        assert watched.says(endpoint)
        assert endpoint in watched.reloads.read_text()

        watch.send_signal(signal.SIGTERM)
        assert watch.wait() == 0, watch


def test_the_subscriber_of_the_documentation_takes_changes_up(watched, programs, tmp_path):
    example = re.search(r"^```php\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)[1]
    script, file = tmp_path / "subscriber.php", tmp_path / "zroute.php"
    for there, here in [
        ("/usr/local/share/zroute/php/", f"{ROOT / 'php'}/"),
        ("/srv/app/config/zroute.php", str(file)),
        ("tcp://127.0.0.1:5560", watched.endpoint),
    ]:
        assert there in example
        example = example.replace(there, here)
    script.write_text(f"<?php\n{example}")
    first = watched.change()
    publish = f"--publish={watched.endpoint}"
    said = tmp_path / "said"
    command = ["sh", "-c", 'said=$1; shift; exec "$@" >"$said"', "sh", said, *programs.php, script]
    with Process(watched.command(f"--template=builtin:zroute={file}", publish)):
        wait_until(file.exists, "the first file")
        with Process(command, **programs.environment) as subscriber:
            wait_until(lambda: said.exists() and first in said.read_text(), f"what is there already: {subscriber}")

            def is_told():
                # What happens before the subscription is there is not told.
                watched.change()
                return "change " in said.read_text()

            wait_until(is_told, f"the first event: {subscriber}")
            endpoint = watched.change()
            wait_until(lambda: said.read_text().endswith(f" {endpoint}\n"), f"the last change: {subscriber}")


def test_a_broken_template_never_replaces_a_good_file(watched, tmp_path):
    php = tmp_path / "config.php"
    code = tmp_path / "config.jinja"
    code.write_text("<?php return {{ services|length }};\n")
    first = watched.change()
    with Process(watched.command(f"--template={code}={php}")) as watch:
        wait_until(lambda: watched.says(first) and php.exists(), "both files")
        before = php.read_text(), watched.file.read_text()
        watched.template.write_text("{% for s in services %}{{ s.nothing }}{% endfor %}")
        code.write_text("<?php return [{{ services|length }};\n")
        second = watched.change()
        for name in (watched.file, php):
            wait_until(lambda: f"{name} stays as it is" in watch.errors, f"the log to tell of {name}")
        assert (php.read_text(), watched.file.read_text()) == before
        watched.template.write_text(TEMPLATE)
        code.write_text("<?php return [{{ services|length }}];\n")
        wait_until(lambda: watched.says(second) and "[1]" in php.read_text(), "the good ones")
        assert sorted(path.name for path in tmp_path.iterdir() if "staged" in path.name) == []


def test_once_tells_by_its_exit_code_what_became_of_it(watched, zroute):
    first = watched.change()

    def once(*options):
        return subprocess.run(watched.command("--once", *options), capture_output=True, text=True, timeout=PATIENCE)

    assert once().returncode == 0
    assert watched.says(first)
    watched.change()
    failed = once("--reload=sh -c 'echo no; exit 3'")
    assert failed.returncode == 1 and "no" in failed.stderr, failed
    watched.template.write_text("{{")
    failed = once()
    assert failed.returncode == 1 and "stays as it is" in failed.stderr, failed
    watched.agent.kill()
    silent = once("--timeout=300ms")
    assert silent.returncode == 2 and "no answer from Consul" in silent.stderr, silent
    asked = zroute("services", "--json", watched.agent.url())
    assert asked.returncode == 2 and json.loads(asked.stdout)["error"]["kind"] == "consul"


def test_an_open_door_is_refused_unless_it_is_meant(watched):
    refused = subprocess.run(watched.command("--publish=tcp://*:5560"), capture_output=True, text=True, timeout=PATIENCE)
    assert refused.returncode == 64 and "--insecure" in refused.stderr, refused
