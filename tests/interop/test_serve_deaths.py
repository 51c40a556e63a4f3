"""`zroute serve`: workers that die, and what their callers are told."""

import collections
import os
import signal
import threading
import time

import pytest

from plain import GOOD, HANDLER, Dealer, fault, read, request
from processes import PATIENCE, wait_until
from serving import Supervisor, is_alive, kill

KILLED_FOR = float(os.environ.get("SERVE_KILL_SECONDS") or 3)
"""How long workers are killed; the promise is of a minute."""


@pytest.fixture
def supervisor(request, programs):
    """One that gives a handler time enough, or as much as the test wants."""
    options = [f"--exec-timeout={getattr(request, 'param', '60s')}", "--memory-limit=64M"]
    with Supervisor(programs, *options, workers=1) as supervisor:
        yield supervisor
        assert supervisor.is_running, supervisor


@pytest.fixture
def dealer(supervisor):
    with Dealer(supervisor.endpoint) as dealer:
        yield dealer


@pytest.mark.parametrize(
    ("supervisor", "function", "name", "text"),
    [
        ("60s", "leave", "HandlerFailed", "ended the process"),
        ("60s", "exhaust", "OutOfMemory", "Allowed memory size"),
        ("60s", "recurse", None, None),
        ("60s", "crash", "WorkerDied", "signal 9"),
        ("3s", "spin", "TimeLimit", "3s"),
    ],
    indirect=["supervisor"],
)
def test_the_caller_is_told_and_the_next_call_is_served(supervisor, dealer, remarks, function, name, text):
    dealer.assert_served()
    began = time.monotonic()
    told = fault(dealer.ask(request(function, [])))
    after = time.monotonic() - began
    assert told[0] == HANDLER
    if name is not None:
        assert told[1] == name and text in told[2], told
    began = time.monotonic()
    dealer.assert_served()
    remarks.append(
        f"{function}: told after {after * 1000:.0f} ms, next call after {(time.monotonic() - began) * 1000:.0f} ms"
    )


@pytest.mark.parametrize(("function", "words"), [("leave", "ended after 'leave': "), ("crash", "ended in 'crash': ")])
def test_the_log_names_what_ended_a_worker(supervisor, dealer, function, words):
    assert fault(dealer.ask(request(function, [])))[0] == HANDLER
    wait_until(lambda: words in supervisor.errors, f"the log to say: {words}")


def test_calls_that_were_not_begun_go_to_another_worker(supervisor, dealer):
    dealer.ask_all([GOOD] * 100)
    # All quick but the one in the middle, which nobody has called before.
    bodies = [request("echo", number) for number in range(300)]
    bodies.insert(150, request("crash", []))
    answers = dealer.ask_all(bodies)
    told = [answer for answer in answers if answer.startswith(b"\x81\xa9__error__")]
    assert len(told) == 1 and answers[150] is told[0] and fault(told[0])[1] == "WorkerDied"
    assert [read(answer) for index, answer in enumerate(answers) if index != 150] == list(range(300))


class Caller(threading.Thread):
    """Calls all the time, many calls in flight, and knows what became of each."""

    IN_FLIGHT = 16

    def __init__(self, endpoint, notes, first):
        super().__init__(daemon=True)
        self.endpoint, self.notes, self.next = endpoint, notes, first
        self.ends = threading.Event()
        self.answered, self.faults, self.times = [], collections.Counter(), []
        self.failure = None

    def run(self):
        try:
            with Dealer(self.endpoint) as dealer:
                self._call(dealer)
        except BaseException as error:  # noqa: BLE001
            self.failure = error

    def _call(self, dealer):
        numbers = {}
        while not self.ends.is_set() or numbers:
            while len(numbers) < self.IN_FLIGHT and not self.ends.is_set():
                numbers[dealer.submit(request("note", [self.notes, self.next], deadline_ms=PATIENCE * 1000))] = self.next
                self.next += 1
            call, body = dealer.collect()
            number = numbers.pop(call)
            answer = read(body)
            if isinstance(answer, dict):
                self.faults[fault(body)[:2]] += 1
            else:
                assert answer == number, "an answer to another call"
                self.answered.append(number)
                self.times.append(time.monotonic())


def test_workers_may_be_killed_all_the_time(programs, tmp_path, remarks):
    with Supervisor(programs, workers=2) as supervisor:
        files = [str(tmp_path / f"notes-{number}") for number in range(4)]
        callers = [
            Caller(supervisor.endpoint, file, 1_000_000 * number) for number, file in enumerate(files)
        ]
        for caller in callers:
            caller.start()
        until = time.monotonic() + KILLED_FOR
        kills = 0
        while time.monotonic() < until or kills < 10:
            assert time.monotonic() < until + PATIENCE, f"workers came up no more often than {kills} times"
            workers = supervisor.workers
            if workers:
                kill(workers[kills % len(workers)])
                kills += 1
            time.sleep(0.1)
        last_kill = time.monotonic()
        # Each caller goes on, so the workers are back.
        for caller in callers:
            count = len(caller.answered)
            wait_until(lambda: caller.failure or len(caller.answered) > count + 100, "more answers")
        if KILLED_FOR >= 60:
            # To compare with, for what is told below.
            time.sleep(3)
        for caller in callers:
            caller.ends.set()
        for caller in callers:
            caller.join(PATIENCE)
            assert not caller.is_alive() and caller.failure is None, caller.failure

        faults = sum((caller.faults for caller in callers), collections.Counter())
        assert {name for _, name in faults} <= {"WorkerDied"}, faults
        for caller, file in zip(callers, files):
            with open(file, encoding="ascii") as notes:
                ran = collections.Counter(map(int, notes.read().split()))
            assert set(caller.answered) <= set(ran), "an answer to a call that did not run"
            assert max(ran.values()) == 1, "a call ran twice"
        after = [time - last_kill for caller in callers for time in caller.times if time > last_kill]
        answered = sum(len(caller.answered) for caller in callers)
        remarks.append(
            f"{kills} kills in {KILLED_FOR:.0f} s: {answered} calls answered, {sum(faults.values())} told "
            f"WorkerDied, the next answer {min(after) * 1000:.0f} ms after the last kill; "
            f"in the seconds after it {[sum(second < time <= second + 1 for time in after) for second in range(3)]}"
        )


def test_a_worker_that_is_asked_to_end_loses_no_call(supervisor, dealer):
    pid = dealer.call("pid", [])
    calls = [dealer.submit(request("echo", number)) for number in range(1000)]
    kill(pid, signal.SIGTERM)
    answers = dict(dealer.collect() for _ in calls)
    assert [read(answers[call]) for call in calls] == list(range(1000))
    wait_until(lambda: not is_alive(pid), "the worker to end")
    assert dealer.call("pid", []) != pid


@pytest.mark.parametrize("most", [1, 7, 300])
def test_no_worker_is_given_more_calls_than_it_may_have_and_none_is_lost(programs, most):
    with Supervisor(programs, f"--max-calls={most}") as supervisor, Dealer(supervisor.endpoint) as dealer:
        count = min(20 * most, 2000)
        answers = dealer.ask_all([request("pid", [])] * count)
        served = sorted(collections.Counter(read(answer) for answer in answers).values())
        assert sum(served) == count
        # But for the last two workers, which may have had fewer, each had its number.
        assert served[2:] == [most] * (len(served) - 2) and served[0] <= most, served


def test_no_more_calls_run_at_once_than_there_are_workers_while_these_are_replaced(programs, tmp_path):
    routes = tmp_path / "routes.php"
    routes.write_text(
        "<?php return ['alone' => function () { $file = fopen(__FILE__, 'r'); $is = flock($file, LOCK_EX | LOCK_NB);"
        " usleep(30_000); return $is; }];"
    )
    options = ["--max-calls=1"]
    with Supervisor(programs, *options, routes=routes, workers=1) as supervisor, Dealer(supervisor.endpoint) as dealer:
        assert [read(answer) for answer in dealer.ask_all([request("alone", [])] * 10)] == [True] * 10


def test_a_worker_goes_on_beyond_its_calls_while_none_comes_up_in_its_place(programs, tmp_path):
    routes = tmp_path / "routes.php"
    good = "<?php return ['pid' => fn () => getmypid()];"
    routes.write_text(good)
    with (
        Supervisor(programs, "--max-calls=5", routes=routes, workers=1) as supervisor,
        Dealer(supervisor.endpoint) as dealer,
    ):
        first = dealer.call("pid", [])
        routes.write_text("<?php throw new Exception('broken');")
        served = [dealer.call("pid", []) for _ in range(50)]
        # One may have loaded before the program was broken.
        assert len({first, *served}) <= 2
        assert "did not come up" in supervisor.errors
        routes.write_text(good)
        last = served[-1]
        wait_until(lambda: dealer.call("pid", []) != last, "another worker")


def test_workers_are_replaced_when_they_have_grown(programs, tmp_path):
    routes = tmp_path / "routes.php"
    routes.write_text(
        "<?php return ['grow' => function () { static $held = []; $held[] = str_repeat('x', 1 << 20);"
        " return getmypid(); }];"
    )
    options = ["--max-memory=48M"]
    with Supervisor(programs, *options, routes=routes, workers=1) as supervisor, Dealer(supervisor.endpoint) as dealer:
        first = dealer.call("grow", [])
        wait_until(lambda: dealer.call("grow", []) != first, "another worker")


def test_a_program_that_does_not_load_is_told_loudly_and_not_for_ever(programs, tmp_path):
    routes = tmp_path / "routes.php"
    routes.write_text("<?php return 7;")
    supervisor = Supervisor(programs, routes=routes)
    try:
        assert supervisor.wait() == 1
        assert "expected to return" in supervisor.errors
        assert "no worker came up" in supervisor.errors
        assert supervisor.errors.count("error") < 20
    finally:
        supervisor.__exit__()


def test_a_program_that_takes_too_long_to_load_is_given_up(programs, tmp_path):
    routes = tmp_path / "routes.php"
    routes.write_text("<?php sleep(60); return [];")
    supervisor = Supervisor(programs, "--start-timeout=300ms", routes=routes, workers=1)
    try:
        assert supervisor.wait() == 1
        assert "300ms" in supervisor.errors
    finally:
        supervisor.__exit__()


def test_no_worker_outlives_a_killed_supervisor(programs):
    supervisor = Supervisor(programs)
    with supervisor:
        workers = supervisor.wait_for_workers(2)
        with Dealer(supervisor.endpoint) as dealer:
            dealer.submit(request("spin", []))
            supervisor.send_signal(signal.SIGKILL)
            wait_until(lambda: not any(map(is_alive, workers)), "the workers to end")
