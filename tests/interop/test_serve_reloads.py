"""`zroute serve`: what is asked of it, or goes wrong, while new code loads."""

import signal

import pytest

from plain import UNKNOWN_FUNCTION, Dealer, code, request
from processes import wait_until
from serving import Supervisor, kill

PROGRAM = """<?php
$version = trim(file_get_contents(__DIR__ . '/version'));
// Each file named so holds one process that loads, until the test removes what it is renamed to.
foreach (glob(__DIR__ . '/hold-*') as $hold) {
    $held = __DIR__ . '/held-' . getmypid();
    if (@rename($hold, $held)) {
        while (is_file($held)) {
            usleep(2000);
            clearstatcache();
        }
        break;
    }
}
return ['version' => static fn () => $version];
"""


class Program:
    """A program whose loading can be held up."""

    def __init__(self, folder):
        self.folder = folder
        self.routes = folder / "routes.php"
        self.routes.write_text(PROGRAM)
        self.becomes("1")

    def becomes(self, version):
        (self.folder / "version").write_text(version)

    def hold(self, count):
        for number in range(count):
            (self.folder / f"hold-{number}").touch()

    def held(self):
        return list(self.folder.glob("held-*"))

    def let_go(self):
        for held in self.held():
            held.unlink()


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path)


def reloaded(supervisor, times):
    wait_until(lambda: supervisor.errors.count("reloaded") == times, f"{times} reloads")


def test_reloads_that_are_asked_for_while_one_loads_are_one_more_reload(programs, program):
    with Supervisor(programs, routes=program.routes) as supervisor, Dealer(supervisor.endpoint) as dealer:
        supervisor.wait_for_workers(2)
        program.becomes("2")
        program.hold(2)
        supervisor.send_signal(signal.SIGHUP)
        wait_until(lambda: len(program.held()) == 2, "both to load")
        program.becomes("3")
        for asked in range(1, 4):
            supervisor.send_signal(signal.SIGHUP)
            wait_until(lambda: supervisor.errors.count("another reload follows") == asked, "the signal")
        assert dealer.call("version", []) == "1"
        program.let_go()
        reloaded(supervisor, 2)
        assert dealer.call("version", []) == "3"
        assert supervisor.errors.count("reloading") == 2


def test_a_worker_that_dies_while_new_code_loads_is_replaced_at_once(programs, program):
    with Supervisor(programs, routes=program.routes) as supervisor, Dealer(supervisor.endpoint) as dealer:
        before = supervisor.wait_for_workers(2)
        program.hold(2)
        supervisor.send_signal(signal.SIGHUP)
        wait_until(lambda: len(program.held()) == 2, "both to load")
        kill(before[0])
        wait_until(lambda: set(supervisor.workers) - set(before), "another worker")
        supervisor.wait_for_workers(2)
        program.let_go()
        reloaded(supervisor, 1)
        assert dealer.call("version", []) == "1"


def test_a_new_worker_that_dies_before_the_others_have_come_up_is_replaced(programs, program):
    with Supervisor(programs, routes=program.routes) as supervisor, Dealer(supervisor.endpoint) as dealer:
        before = set(supervisor.wait_for_workers(2))
        program.becomes("2")
        program.hold(1)
        supervisor.send_signal(signal.SIGHUP)
        (new,) = set(supervisor.wait_for_workers(3)) - before
        kill(new)
        wait_until(lambda: set(supervisor.workers) - before - {new}, "another new worker")
        assert dealer.call("version", []) == "1"
        program.let_go()
        reloaded(supervisor, 1)
        assert dealer.call("version", []) == "2"
        assert not set(supervisor.wait_for_workers(2)) & (before | {new})
        assert "RELOAD FAILED" not in supervisor.errors


def test_functions_that_are_gone_are_listed_no_more(programs, tmp_path):
    routes = tmp_path / "routes.php"

    def write(*names, before=""):
        functions = ", ".join(f"'{name}' => fn () => '{name}'" for name in names)
        routes.write_text(f"<?php {before} return [{functions}];")

    def listed():
        return [function["name"] for function in dealer.call("zroute.list", [])]

    write("one", "two")
    with Supervisor(programs, routes=routes) as supervisor, Dealer(supervisor.endpoint) as dealer:
        supervisor.wait_for_workers(2)
        assert listed() == ["one", "two"]
        write("one", "three")
        supervisor.send_signal(signal.SIGHUP)
        reloaded(supervisor, 1)
        assert listed() == ["one", "three"]
        assert code(dealer.ask(request("two", []))) == UNKNOWN_FUNCTION
        # The first worker comes up, the second does not.
        write("four", before="if (!@mkdir(__DIR__ . '/once')) exit(1);")
        supervisor.send_signal(signal.SIGHUP)
        wait_until(lambda: "RELOAD FAILED" in supervisor.errors, "the failure")
        assert listed() == ["one", "three"]
        write("two", "three")
        supervisor.send_signal(signal.SIGHUP)
        reloaded(supervisor, 2)
        assert listed() == ["three", "two"]
        assert dealer.call("two", []) == "two"


def test_a_limit_on_memory_that_no_worker_can_keep_is_told_once_and_loudly(programs, program):
    options = ["--max-memory=1M"]
    with Supervisor(programs, *options, routes=program.routes) as supervisor, Dealer(supervisor.endpoint) as dealer:
        before = supervisor.wait_for_workers(2)
        told = "before its first call, more than --max-memory, 1048576"
        assert supervisor.errors.count(told) == 1
        # One of the two answers, and only that one is replaced.
        dealer.call("version", [])
        wait_until(lambda: set(supervisor.workers) - set(before), "another worker")
        assert len(set(supervisor.wait_for_workers(2)) & set(before)) == 1
        assert supervisor.errors.count("is being replaced") == 1
        assert supervisor.errors.count(told) == 1
