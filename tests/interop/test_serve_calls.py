"""`zroute serve`: who is served when, and how it is seen."""

import json
import signal
import socket
import time
import urllib.request

import pytest
import zmq

from plain import DEADLINE, GOOD, PARAMETERS, UNKNOWN_FUNCTION, Dealer, code, fault, read, request
from processes import PATIENCE, wait_until
from serving import Supervisor, is_alive

OVERLOADED = -32002
FORBIDDEN = -32003


@pytest.fixture(scope="module")
def supervisor(programs):
    with Supervisor(programs, "--metrics=127.0.0.1:0") as supervisor:
        supervisor.wait_for_workers(2)
        yield supervisor
        assert supervisor.is_running, supervisor


@pytest.fixture
def dealer(supervisor):
    with Dealer(supervisor.endpoint) as dealer:
        yield dealer
        dealer.assert_served()


def test_calls_are_answered_as_by_a_server_in_process(dealer):
    assert dealer.ask(GOOD) == b"\x13"
    value = {"a": [1, 2.5, None, True, "é" * 300, b"\xff\x00"], "b": {"c": []}}
    assert dealer.call("echo", value) == value
    assert code(dealer.ask(request("nothing", []))) == UNKNOWN_FUNCTION
    assert code(dealer.ask(request("nap", ["x"]))) == PARAMETERS
    assert code(dealer.ask(b"\xc1")) == -32700
    big = "x" * (1 << 20)
    assert dealer.call("echo", big) == big


def test_many_calls_at_once_each_get_their_own_answer(dealer):
    answers = dealer.ask_all([request("echo", number) for number in range(5000)])
    assert [read(answer) for answer in answers] == list(range(5000))


def wait_for_running(supervisor, *functions):
    """Until the workers run just these."""

    def running():
        return [worker["function"] for worker in supervisor.stats()["workers"] if worker["state"] == "busy"]

    wait_until(lambda: running() == [*functions], f"{functions} to run")


def test_both_workers_serve(supervisor, dealer, tmp_path):
    calls = [dealer.submit(request("await", [str(tmp_path / "go on")])) for _ in range(2)]
    wait_for_running(supervisor, "await", "await")
    (tmp_path / "go on").touch()
    assert {dealer.collect()[0] for _ in calls} == set(calls)


def test_nobody_waits_behind_a_slow_call_while_a_worker_is_free(supervisor, dealer, tmp_path, remarks):
    def waits(count=200):
        """How long each call of others takes, in milliseconds."""
        waits = []
        with Dealer(supervisor.endpoint) as other:
            for _ in range(count):
                began = time.monotonic()
                assert other.ask(GOOD) == b"\x13"
                waits.append((time.monotonic() - began) * 1000)
        return sorted(waits)

    quiet = waits()
    slow = dealer.submit(request("await", [str(tmp_path / "go on")]))
    wait_for_running(supervisor, "await")
    beside = waits()
    with pytest.raises(zmq.Again):
        dealer.socket.recv(zmq.NOBLOCK)
    (tmp_path / "go on").touch()
    call, answer = dealer.collect()
    assert (call, read(answer)) == (slow, "awaited")
    remarks.append(
        f"beside a slow call others wait {beside[-1]:.1f} ms at most and {beside[100]:.1f} ms as the median, "
        f"without it {quiet[-1]:.1f} and {quiet[100]:.1f}"
    )


def test_a_call_that_is_slow_for_once_gives_back_what_waits_behind_it(supervisor, dealer, tmp_path):
    there, go_on = tmp_path / "there", tmp_path / "go on"
    there.touch()
    # The function is known to be quick, so that its calls wait behind each other.
    dealer.ask_all([request("await", [str(there)])] * 1000)
    slow, *quick = [dealer.submit(request("await", [str(file)])) for file in [go_on] + [there] * 500]
    assert {dealer.collect()[0] for _ in quick} == set(quick)
    go_on.touch()
    assert dealer.collect()[0] == slow


def test_calls_whose_time_has_passed_are_not_run(supervisor, dealer, tmp_path):
    notes = tmp_path / "notes"
    running = [dealer.submit(request("await", [str(tmp_path / "go on")])) for _ in range(2)]
    wait_for_running(supervisor, "await", "await")
    late = [dealer.submit(request("note", [str(notes), 1], deadline_ms=50)) for _ in range(10)]
    answers = dict(dealer.collect() for _ in late)
    assert answers.keys() == set(late) and {code(answer) for answer in answers.values()} == {DEADLINE}
    (tmp_path / "go on").touch()
    assert {dealer.collect()[0] for _ in running} == set(running)
    assert not notes.exists()


def test_the_queue_is_bounded(programs, tmp_path):
    with Supervisor(programs, "--queue-calls=20", workers=1) as supervisor, Dealer(supervisor.endpoint) as dealer:
        running = dealer.submit(request("await", [str(tmp_path / "go on")]))
        wait_for_running(supervisor, "await")
        for number in range(50):
            dealer.submit(request("nap", [0]))
        refused = [dealer.collect()[1] for _ in range(30)]
        assert {code(answer) for answer in refused} == {OVERLOADED}
        assert "wait for a worker" in fault(refused[0])[2]
        (tmp_path / "go on").touch()
        answers = dict(dealer.collect() for _ in range(21))
        assert read(answers[running]) == "awaited"


def test_who_looks_at_the_counters_is_not_seen_there(programs):
    with Supervisor(programs, workers=1) as supervisor, Dealer(supervisor.endpoint) as dealer:
        for _ in range(3):
            assert [supervisor.stats()[name] for name in ("calls", "open")] == [0, 0]
        dealer.assert_served()
        assert [supervisor.stats()[name] for name in ("calls", "open")] == [1, 0]


def test_the_functions_and_what_became_of_their_calls_can_be_seen(supervisor, dealer):
    names = [function["name"] for function in dealer.call("zroute.list", [])]
    assert names == sorted(names) and {"plus", "nap"} < set(names) and "zroute.stats" not in names
    (nap,) = dealer.call("zroute.list", ["n?p"])
    assert nap["parameters"][0]["name"] == "milliseconds" and nap["returns"] == "int"
    assert dealer.call("zroute.ping", [])["server"] == "zroute"

    before = supervisor.stats()["functions"]["plus"]["calls"]
    dealer.ask_all([GOOD] * 10)
    stats = supervisor.stats()
    plus = stats["functions"]["plus"]
    assert plus["calls"] == before + 10
    assert 0 < plus["p50_us"] <= plus["p99_us"] <= plus["max_us"]
    assert [worker["number"] for worker in stats["workers"]] == [1, 2]
    assert all(worker["memory"] > 1 << 20 and is_alive(worker["pid"]) for worker in stats["workers"])
    assert stats["queue"] == {"calls": 0, "bytes": 0}


def test_what_waits_can_be_seen_by_function(programs):
    options = ["--metrics=127.0.0.1:0"]
    with Supervisor(programs, *options, workers=1) as supervisor, Dealer(supervisor.endpoint) as dealer:
        calls = [dealer.submit(request("nap", [1000]))]
        wait_until(lambda: supervisor.stats()["workers"][0]["function"] == "nap", "the nap")
        calls += [dealer.submit(GOOD) for _ in range(3)]
        wait_until(lambda: supervisor.stats()["queue"]["calls"] == 3, "the others to wait")
        stats = supervisor.stats()
        assert (stats["functions"]["plus"]["queued"], stats["functions"]["nap"]["queued"]) == (3, 0)
        assert stats["workers"][0]["queued"] == 0
        address = supervisor.errors.split("metrics at ")[1].split()[0]
        with urllib.request.urlopen(address, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        assert 'zroute_function_queued{function="plus"} 3' in lines
        assert 'zroute_worker_queued{worker="1"} 0' in lines
        assert {dealer.collect()[0] for _ in calls} == set(calls)
        stats = supervisor.stats()
        assert {function["queued"] for function in stats["functions"].values()} == {0}
        (worker,) = stats["workers"]
        assert 0 < worker["p50_us"] < 1_000_000 <= worker["p99_us"]


def test_a_call_that_finds_a_worker_free_needs_no_room_in_the_queue(programs):
    with Supervisor(programs, "--queue-bytes=1", workers=1) as supervisor, Dealer(supervisor.endpoint) as dealer:
        dealer.assert_served()


def test_functions_that_guard_those_of_the_library_are_asked_here_too(programs, tmp_path):
    routes = tmp_path / "routes.php"
    routes.write_text(
        "<?php $no = fn () => throw new Zroute\\Fault(Zroute\\Fault::FORBIDDEN, 'no');"
        " return ['zroute.list' => $no, 'zroute.stats' => $no, 'zroute.ping' => $no, 'one' => fn () => 1];"
    )
    with Supervisor(programs, routes=routes) as supervisor, Dealer(supervisor.endpoint) as dealer:
        assert dealer.call("one", []) == 1
        for function in ("zroute.list", "zroute.stats", "zroute.ping"):
            assert code(dealer.ask(request(function, []))) == FORBIDDEN
        assert code(dealer.ask(request("zroute.functions", []))) == UNKNOWN_FUNCTION


def test_metrics_are_served_to_whoever_asks(supervisor, dealer):
    address = supervisor.errors.split("metrics at ")[1].split()[0]
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = answer.read().decode().splitlines()
    samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(samples['zroute_function_calls_total{function="plus"}']) > 0
    assert float(samples['zroute_worker_memory_bytes{worker="2"}']) > 0
    assert samples["zroute_queue_calls"] == "0"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address.replace("/metrics", "/else"), timeout=PATIENCE)
    host, port = address.split("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_the_log_holds_what_workers_print(programs):
    options = ["--log-format=json"]
    with Supervisor(programs, *options, workers=1) as supervisor, Dealer(supervisor.endpoint) as dealer:
        pid = dealer.call("pid", [])
        assert dealer.call("print", ["a \"line\""]) == 8
        wait_until(lambda: "a \\\"line" in supervisor.errors, "the line")
        lines = [json.loads(line) for line in supervisor.errors.splitlines()]
        (line,) = [line for line in lines if line["message"].startswith("a ")]
        assert (line["worker"], line["pid"], line["level"]) == (1, pid, "info")


def test_an_open_network_has_to_be_meant(programs):
    supervisor = Supervisor(programs, endpoint="tcp://0.0.0.0:*")
    try:
        assert supervisor.wait() == 64
        assert "--insecure" in supervisor.errors
    finally:
        supervisor.__exit__()
    with Supervisor(programs, "--insecure", endpoint="tcp://0.0.0.0:*") as supervisor:
        assert supervisor.endpoint.startswith("tcp://0.0.0.0:")


def test_the_link_to_the_workers_can_be_encrypted(programs):
    with Supervisor(programs, "--worker-curve") as supervisor, Dealer(supervisor.endpoint) as dealer:
        dealer.assert_served()
        answers = dealer.ask_all([request("echo", number) for number in range(500)])
        assert [read(answer) for answer in answers] == list(range(500))
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait() == 0
