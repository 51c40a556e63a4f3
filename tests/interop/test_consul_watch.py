"""`zroute watch`: files, reloads and events that follow a real Consul."""

import random
import re
import signal
import subprocess
import time

import msgpack
import pytest
import zmq

from clock import Clock
from processes import PATIENCE, Process, wait_until
from programs import ROOT, free_port
from serving import is_alive, kill

DOCUMENT = (ROOT / "docs/discovery.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.zmtp("it calls nobody, and publishes by libzmq alone")

# A name, and the endpoints behind it.
TEMPLATE = "{% for s in services %}{{ s.name }}: {{ s.endpoints|join(' ') }}\n{% endfor %}"


class Watched:
    def __init__(self, program, consul, folder):
        self.consul, self.folder = consul, folder
        self.template, self.file = folder / "hosts.jinja", folder / "hosts.txt"
        self.template.write_text(TEMPLATE)
        self.reloads = folder / "reloads"
        self.endpoint = f"tcp://127.0.0.1:{free_port()}"
        self.program = program
        self.ports = 0

    def command(self, *options):
        given = [f"--template={self.template}={self.file}", *options]
        return [self.program, "watch", self.consul.url("?tag=rpc"), *given]

    def change(self):
        """Another server; returns how the file ends then."""
        self.ports += 1
        endpoint = f"tcp://127.0.0.1:{self.ports}"
        self.consul.register("time-service", endpoint)
        return endpoint

    def says(self, endpoint):
        return self.file.is_file() and endpoint in self.file.read_text().split()

    def left_over(self):
        return list(self.folder.glob(".*.staged"))


@pytest.fixture
def watched(programs, consul, tmp_path):
    return Watched(programs.library.parent / "zroute", consul, tmp_path)


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

        def next_event():
            assert subscriber.poll(PATIENCE * 1000), watch
            topic, body = subscriber.recv_multipart()
            assert topic == b"zroute.config"
            return msgpack.unpackb(body)

        def tells(event, endpoint):
            return {"endpoint": endpoint, "version": "1.0", "tags": ["rpc"]} in event["services"]["time-service"]

        wait_until(is_subscribed, "the first event")
        # The changes until then may be several events, the last of which tells the last of them.
        endpoint = watched.change()
        while not tells(before := next_event(), endpoint):
            continue
        began = time.monotonic()
        endpoint = watched.change()
        change = next_event()
        Clock(remarks).took(time.monotonic() - began, "zroute watch: from a change in Consul to its event", 2)
        assert change["number"] == before["number"] + 1
        assert change["files"] == [str(watched.file)]
        assert tells(change, endpoint)
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
        assert watched.left_over() == []


def test_a_catalogue_that_never_rests_holds_no_change_up(watched, remarks):
    watched.change()
    with Process(watched.command("--reload=true")) as watch:
        wait_until(watched.file.exists, "the first file")
        due, slowest, until = {}, 0.0, time.monotonic() + 3
        while time.monotonic() < until:
            due[watched.change()] = time.monotonic()
            while due and watched.says(first := next(iter(due))):
                slowest = max(slowest, time.monotonic() - due.pop(first))
        for endpoint, began in due.items():
            wait_until(lambda: watched.says(endpoint), f"{endpoint} in the file: {watch}")
            slowest = max(slowest, time.monotonic() - began)
        Clock(remarks).took(slowest, f"zroute watch: the slowest of {watched.ports} changes one after another", 2)


def test_a_full_disk_leaves_the_file_as_it_was(watched, programs, tmp_path):
    full = tmp_path / "full"
    first = watched.change()
    with Process(watched.command(), FULL_DISK=str(full), **programs.preload("full_disk")) as watch:
        wait_until(lambda: watched.says(first), f"the first file: {watch}")
        before = watched.file.read_text()
        full.touch()
        second = watched.change()
        wait_until(lambda: f"{watched.file} stays as it is" in watch.errors, f"the log to tell: {watch}")
        assert "No space left" in watch.errors and watched.file.read_text() == before
        full.unlink()
        wait_until(lambda: watched.says(second), f"the new file once there is room: {watch}")
        assert watched.left_over() == []


def test_a_folder_at_the_files_place_is_told_and_not_touched(watched):
    watched.file.mkdir()
    inside = watched.file / "somebody's"
    inside.touch()
    endpoint = watched.change()
    with Process(watched.command()) as watch:
        wait_until(lambda: f"{watched.file} stays as it is" in watch.errors, f"the log to tell: {watch}")
        assert inside.exists() and watched.left_over() == []
        inside.unlink()
        watched.file.rmdir()
        wait_until(lambda: watched.says(endpoint), f"the file once there is a place: {watch}")
        assert watch.errors.count("stays as it is") == 1


def test_a_reload_that_hangs_is_ended_and_holds_no_file_up(watched, tmp_path):
    started = tmp_path / "started"
    script = f"sleep 1000 & echo $! $$ >>{started}; wait"
    watched.change()
    with Process(watched.command(f"--reload=sh -c '{script}'", "--command-timeout=1s")) as watch:
        for endpoint in (watched.change(), watched.change()):
            wait_until(lambda: watched.says(endpoint), f"{endpoint} in the file: {watch}")
        # It is run again and again, ever more rarely, and told once.
        wait_until(lambda: started.exists() and len(started.read_text().splitlines()) >= 3, f"three reloads: {watch}")
        assert watch.errors.count("the reload failed") == 1 and "took longer than 1s" in watch.errors
        watch.send_signal(signal.SIGTERM)
        assert watch.wait() == 0, watch
    wait_until(lambda: not any(map(is_alive, started.read_text().split())), "all that was started to be gone")


def test_killed_in_the_middle_it_leaves_a_whole_file_and_the_next_one_goes_on(watched, tmp_path, remarks):
    watched.template.write_text(TEMPLATE + "{# long #}" + "#" * 100_000 + "\nend\n")
    checking = tmp_path / "checking"
    script = f"echo $$ >{checking}.new; mv {checking}.new {checking}; exec sleep 1000"
    old = watched.change()
    assert subprocess.run(watched.command("--once"), timeout=PATIENCE, check=False).returncode == 0
    before = watched.file.read_text()
    assert watched.says(old) and before.endswith("end\n")
    watched.change()
    with Process(watched.command(f"--check=sh -c '{script}'")) as watch:
        wait_until(checking.exists, f"the check to run: {watch}")
        watch.send_signal(signal.SIGKILL)
        watch.wait()
        kill(int(checking.read_text()))
    assert watched.file.read_text() == before
    assert [path.name for path in watched.left_over()] == [".hosts.txt.staged"]

    chance = random.Random(7)
    written = 0
    for _ in range(10):
        endpoint = watched.change()
        with Process(watched.command()) as watch:
            deadline = time.monotonic() + chance.uniform(0, 0.5)
            wait_until(lambda: time.monotonic() >= deadline, "some time")
            watch.send_signal(signal.SIGKILL)
            watch.wait()
        assert watched.file.read_text().endswith("end\n")
        written += watched.says(endpoint)
    remarks.append(f"zroute watch: killed 10 times, {written} times after the file was written")
    last = watched.change()
    assert subprocess.run(watched.command("--once"), timeout=PATIENCE, check=False).returncode == 0
    assert watched.says(last) and watched.left_over() == []


def test_a_reload_that_somebody_owed_is_run_by_the_next_one(watched, tmp_path):
    mark, other = tmp_path / ".hosts.txt.reload", tmp_path / "other"
    other.write_text("somebody's")
    mark.symlink_to(other)
    started = tmp_path / "started"
    script = f"echo $$ >{started}.new; mv {started}.new {started}; exec sleep 1000"
    endpoint = watched.change()
    with Process(watched.command(f"--reload=sh -c '{script}'")) as watch:
        wait_until(started.exists, f"the reload to run: {watch}")
        watch.send_signal(signal.SIGKILL)
        watch.wait()
        kill(int(started.read_text()))
    assert watched.says(endpoint) and other.read_text() == "somebody's"

    def reloads(script):
        command = watched.command("--once", f"--reload=sh -c 'cat \"$0\" >>{watched.reloads}; {script}' {{file}}")
        code = subprocess.run(command, timeout=PATIENCE, check=False).returncode
        return code, watched.reloads.read_text().count(endpoint)

    assert reloads("exit 3") == (1, 1)
    assert reloads("exit 0") == (0, 2)
    assert not mark.is_symlink()
    # Nothing has changed, and nothing is owed any more.
    assert reloads("exit 0") == (0, 2)


def test_once_tells_by_its_exit_code_what_became_of_it(watched):
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
    watched.consul.kill()
    silent = once("--timeout=300ms")
    assert silent.returncode == 2 and "no answer from Consul" in silent.stderr, silent


def test_an_open_door_is_refused_unless_it_is_meant(watched):
    refused = subprocess.run(watched.command("--publish=tcp://*:5560"), capture_output=True, text=True, timeout=PATIENCE)
    assert refused.returncode == 64 and "--insecure" in refused.stderr, refused


def test_a_file_is_made_of_one_template(watched):
    command = watched.command(f"--template=builtin:zroute={watched.file}")
    refused = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert refused.returncode == 64 and str(watched.file) in refused.stderr, refused
