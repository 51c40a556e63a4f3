"""The command: what it prints, and the exit code of every way it can end."""

import base64
import contextlib
import fcntl
import json
import os
import pty
import re
import shlex
import signal
import stat
import struct
import subprocess
import termios

import msgpack
import pytest
import zmq

from processes import PATIENCE, Listener, Process, wait_until
from programs import PEERS, ROOT, TRANSPORT, free_port, python

ANSWER, FAULT, NO_ANSWER, USAGE = 0, 1, 2, 64
CTRL_C, READER_LEFT = 130, 141

COMMANDS = ["call", "ping", "list", "top", "bench", "keygen", "services", "watch", "completions", "man"]


class Ended:
    def __init__(self, code, output, errors):
        self.code, self.raw, self.errors = code, output, errors

    @property
    def output(self):
        return self.raw.decode()

    @property
    def json(self):
        return json.loads(self.raw)

    @property
    def lines(self):
        return [json.loads(line) for line in self.output.splitlines()]

    def __repr__(self):
        return f"exit code {self.code}, output {self.raw!r}, errors {self.errors!r}"


class Command:
    def __init__(self, program):
        self.program = program

    def __call__(self, *arguments, stdin=b"", **environment):
        ended = subprocess.run(
            [self.program, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            timeout=PATIENCE,
            env={**os.environ, **environment},
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr.decode())

    def begin(self, *arguments):
        return Process([self.program, *arguments])


@pytest.fixture(scope="module")
def zroute(programs):
    program = programs.library.parent / "zroute"
    assert program.is_file(), f"{program} is missing: run 'make build'"
    return Command(program)


@pytest.fixture(scope="module")
def server(programs):
    with programs.server("php") as server:
        yield server
        assert server.is_running, server


@pytest.fixture(scope="module")
def at(server):
    return server.endpoint


@pytest.fixture
def rude():
    with Listener(python("rude_server.py", 1)) as server:
        yield server


@pytest.fixture
def scripted(programs):
    """Starts a server whose functions give these answers."""
    with contextlib.ExitStack() as stack:

        def start(**answers):
            functions = {name.replace("__", "."): list(given) for name, given in answers.items()}
            script = [PEERS / "scripted.php", "tcp://127.0.0.1:0", json.dumps(functions)]
            server = Listener([*programs.php, *script], **programs.environment)
            return stack.enter_context(server).endpoint

        yield start


@pytest.fixture
def nobody():
    return f"tcp://127.0.0.1:{free_port()}"


# call


def test_the_seeds_functions_answer_is_printed(zroute, at):
    ended = zroute("call", at, "plus", "[1,2,3]")
    assert (ended.code, ended.output, ended.errors) == (ANSWER, "6\n", "")


@pytest.mark.parametrize(
    "parameters, answer",
    [
        ([], "[]"),
        (["5"], "5"),
        (["-5"], "-5"),
        (["1", "[2]", '"3"'], '[1,[2],"3"]'),
        (['{"b":1,"a":[1.5,true,null]}'], '{"b":1,"a":[1.5,true,null]}'),
        (['{"$binary":"AP8="}'], '{"$binary":"AP8="}'),
        (['"grüße"'], '"grüße"'),
        (['"\\u001b[2J\\u009b"'], '"\\u001b[2J\\u009b"'),
        (["1e300"], "1e300"),
        (["1.0"], "1.0"),
        (["9223372036854775807"], "9223372036854775807"),
        (['{"3":1,"x":2}'], '{"3":1,"x":2}'),
    ],
)
def test_parameters_and_answers_are_json(zroute, at, parameters, answer):
    ended = zroute("call", at, "echo", *parameters)
    assert (ended.code, ended.output) == (ANSWER, answer + "\n"), ended


def test_parameters_come_from_stdin_and_files(zroute, at, tmp_path):
    file = tmp_path / "parameters.json"
    file.write_text("[1, 2,\n 3]\n", encoding="utf-8")
    assert zroute("call", at, "plus", f"@{file}").output == "6\n"
    assert zroute("call", at, "plus", "-", stdin=b"[4]").output == "4\n"
    missing = zroute("call", at, "plus", f"@{file}.not")
    assert missing.code == USAGE and "No such file" in missing.errors


def test_a_raw_answer_is_messagepack(zroute, at):
    ended = zroute("call", "--raw", at, "types", "1")
    assert ended.code == ANSWER
    assert msgpack.unpackb(ended.raw, strict_map_key=False)["bytes"] == b"\xff\0"


def test_what_json_has_no_name_for_is_written_so_that_it_can_be_read(zroute, programs, rude):
    values = [
        msgpack.ExtType(5, b"x"),
        {None: 1},
        {(1, 2): 3},
        float("inf"),
        float("nan"),
        b"\xff",
        {"$map": []},
        2**64 - 1,
        -(2**63),
        {1: 1, "1": 2},
    ]
    with programs.server("c") as echoing:
        for value in values:
            packed = msgpack.packb(value)
            given = json.dumps({"$binary": base64.b64encode(packed).decode()})
            told = zroute("call", rude.endpoint, "bytes", given)
            assert told.code == ANSWER, told
            again = zroute("call", "--raw", echoing.endpoint, "echo", told.output.strip())
            assert again.raw == packed, (told, again)


def test_a_fault_is_told_on_stderr(zroute, at):
    ended = zroute("call", at, "fail", "1")
    assert (ended.code, ended.output) == (FAULT, "")
    assert ended.errors == "7 NoMoney: the account holds 3 €\n"
    ended = zroute("call", at, "no_such_function")
    assert ended.code == FAULT and ended.errors.startswith("-32601 UnknownFunction: "), ended


def test_one_value_that_is_no_list_is_explained_when_the_function_refuses_it(zroute, at):
    ended = zroute("call", at, "area", "4")
    assert ended.code == FAULT and ended.errors.startswith("zroute: 4 was sent as it is; "), ended
    assert "\n-32602 InvalidParameters: " in ended.errors
    assert zroute("call", at, "area", "[4]").output == "4\n"


def test_with_json_every_end_is_an_object_on_stdout(zroute, at, rude, nobody):
    ended = zroute("call", "--json", at, "plus", "[1,2]")
    assert (ended.code, ended.json, ended.errors) == (ANSWER, {"answer": 3}, "")
    ended = zroute("call", "--json", at, "fail", "1")
    fault = {"code": 7, "name": "NoMoney", "message": "the account holds 3 €"}
    assert (ended.code, ended.json, ended.errors) == (FAULT, {"fault": fault}, "")
    for endpoint, function, kind, timeout in [
        (nobody, "plus", "not_connected", "300ms"),
        # Time to connect first.
        (rude.endpoint, "silence", "timeout", "3s"),
        (rude.endpoint, "two_frames", "invalid_answer", "30s"),
    ]:
        ended = zroute("call", "--json", "--timeout", timeout, endpoint, function)
        assert (ended.code, ended.errors) == (NO_ANSWER, "")
        assert ended.json["error"]["kind"] == kind
        assert ended.json["error"]["message"]


@pytest.mark.parametrize("function", ["silence", "two_frames", "no_body"])
def test_a_server_that_does_not_answer_rightly_is_no_answer(zroute, rude, function):
    ended = zroute("call", "--timeout", "300ms", rude.endpoint, function)
    assert (ended.code, ended.output) == (NO_ANSWER, ""), ended
    assert ended.errors.startswith("zroute: ")


def test_bytes_that_are_no_messagepack_are_no_answer(zroute, rude):
    ended = zroute("call", rude.endpoint, "bytes", '{"$binary":"wQ=="}')
    assert ended.code == NO_ANSWER and "0xc1" in ended.errors, ended


def test_a_server_that_is_not_there_is_named(zroute, nobody):
    ended = zroute("call", "--timeout", "0.3", nobody, "plus")
    assert ended.code == NO_ANSWER
    assert nobody in ended.errors and "300 ms" in ended.errors


def test_the_call_goes_to_the_server_that_is_there(zroute, at, nobody):
    assert zroute("call", nobody, at, "plus", "[2]").output == "2\n"


def test_the_seeds_server_is_called(zroute, seed_server):
    for _ in range(3):
        assert zroute("call", seed_server.endpoint, "plus", "[1,2,3]").output == "6\n"


@pytest.mark.zmtp("libzmq does not tell when a connection is lost")
def test_a_call_whose_connection_is_lost_ends_at_once_with_its_outcome_unknown(zroute, rude):
    ended = zroute("call", "--json", "--timeout", "1h", rude.endpoint, "ends_the_rude_server")
    assert (ended.code, ended.json["error"]["kind"]) == (NO_ANSWER, "outcome_unknown")
    assert "may have run" in ended.json["error"]["message"]


@pytest.mark.zmtp("libzmq does not tell when a connection is lost")
def test_an_idempotent_call_is_tried_again(zroute, programs, rude):
    call = ["call", "--idempotent", "--timeout", "20s", rude.endpoint, "plus", "[1,2]"]
    with zroute.begin(*call) as call:
        rude.wait()
        with programs.server("php", endpoint=rude.endpoint):
            assert call.read_all() == "3\n", call


def test_a_server_behind_curve_is_called_with_its_key_alone(zroute, programs, tmp_path):
    made = zroute("keygen", "--json").json
    with programs.server("php", curve_secret_key=made["secret_key"]) as server:
        call = ["call", "--timeout", "20s", server.endpoint, "plus", "[1]"]
        assert zroute(*call, "--curve-server-key", made["public_key"]).output == "1\n"
        assert zroute(*call, ZROUTE_CURVE_SERVER_KEY=made["public_key"]).output == "1\n"
        file = tmp_path / "server.pub"
        file.write_text(made["public_key"] + "\n", encoding="utf-8")
        assert zroute("keygen", "--out", tmp_path / "client.key").code == 0
        own = ["--client-key-file", tmp_path / "client.key"]
        assert zroute(*call, "--curve-server-key-file", file, *own).output == "1\n"
        short = ["call", "--timeout", "500ms", server.endpoint, "plus", "[1]"]
        other = zroute("keygen", "--json").json["public_key"]
        assert zroute(*short, "--curve-server-key", other).code == NO_ANSWER
        assert zroute(*short).code == NO_ANSWER
        assert zroute(*short, *own).code == USAGE


def test_a_server_that_asks_for_a_password_is_called_with_it_alone(zroute, programs, tmp_path):
    (tmp_path / "right").write_text("secret\n", encoding="utf-8")
    (tmp_path / "wrong").write_text("other", encoding="utf-8")
    options = {"plain_username": "user", "plain_password": "secret", "transport": "zmtp"}
    with programs.server("php", **options) as server:
        call = ["call", server.endpoint, "plus", "[1]", "--user", "user"]
        assert zroute(*call, "--timeout", "30s", "--password-file", tmp_path / "right").output == "1\n"
        assert zroute(*call, "--timeout", "1s", "--password-file", tmp_path / "wrong").code == NO_ANSWER


# ping


def test_a_server_that_lives_is_pinged(zroute, at):
    ended = zroute("ping", at)
    assert ended.code == ANSWER, ended
    assert re.fullmatch(rf"{at} \(zroute \d+\.\d+\.\d+\): [\d.]+ (µs|ms|s)\n", ended.output)
    ended = zroute("ping", "--count", 3, "--interval", "1ms", "--json", at)
    assert [line["sequence"] for line in ended.lines] == [1, 2, 3]
    assert all(line["alive"] and line["us"] > 0 for line in ended.lines)
    ended = zroute("ping", "--count", 3, "--interval", "1ms", at)
    assert ended.output.splitlines()[-1].startswith("3 sent, 3 answered; least ")


def test_any_answer_is_a_sign_of_life(zroute, at, rude):
    assert zroute("ping", "--function", "no_such_function", at).code == ANSWER
    ended = zroute("ping", "--function", "echo", "--parameters", "[1]", rude.endpoint)
    assert ended.code == ANSWER, ended


def test_silence_and_nonsense_are_no_sign_of_life(zroute, rude, nobody):
    for endpoint, function in [
        (nobody, "anything"),
        (rude.endpoint, "silence"),
        (rude.endpoint, "no_body"),
    ]:
        arguments = ["ping", "--timeout", "200ms", "--function", function, endpoint]
        ended = zroute(*arguments)
        assert (ended.code, ended.output) == (NO_ANSWER, "") and ended.errors, ended
        ended = zroute(*arguments, "--json")
        assert ended.code == NO_ANSWER
        assert ended.json["alive"] is False and ended.json["error"]["kind"]


def test_ctrl_c_ends_pinging_with_the_sum(zroute, at):
    with zroute.begin("ping", "--count", "0", "--interval", "1ms", at) as ping:
        for _ in range(3):
            assert ping.read_line().startswith(at)
        ping.send_signal(signal.SIGINT)
        assert ping.read_all().splitlines()[-1].split(";")[0].endswith(" answered")
        assert ping.wait() == ANSWER


# list

DESCRIBED = [
    {
        "name": "divide",
        "parameters": [
            {"name": "a", "type": "int", "optional": False, "variadic": False},
            {"name": "b", "type": "?int", "optional": True, "default": None, "variadic": False},
            {"name": "rest", "type": "", "optional": True, "variadic": True},
        ],
        "returns": "int",
        "doc": "Divides.\nDown.",
    },
    {"name": "plus"},
]


def test_functions_are_listed_with_their_signatures(zroute, scripted):
    at = scripted(zroute__list=[DESCRIBED])
    ended = zroute("list", at)
    assert ended.code == ANSWER
    assert ended.output == (
        "divide(int $a, ?int $b = null, ...$rest): int\n    Divides.\n    Down.\nplus(…)\n"
    )
    assert zroute("list", "--json", at).json == DESCRIBED


def test_a_server_lists_its_functions_by_glob(zroute, at):
    names = [function["name"] for function in zroute("list", "--json", at).json]
    assert names == sorted(names) and {"plus", "echo"} <= set(names)
    listed = zroute("list", "--json", at, "p*s").json
    assert [function["name"] for function in listed] == ["plus"]
    assert zroute("list", at, "p*s").output.startswith("plus(")
    assert zroute("list", at, "nothing like it").output == ""


@pytest.mark.parametrize("command, function", [("list", "list"), ("top", "stats")])
def test_nonsense_is_no_list_and_no_stats(zroute, scripted, nobody, command, function):
    at = scripted(**{f"zroute__{function}": [["nonsense"]]})
    ended = zroute(command, at)
    assert (ended.code, ended.output) == (NO_ANSWER, "")
    assert f"zroute.{function} at {at}" in ended.errors
    assert zroute(command, "--json", at).json["error"]["kind"] == "invalid_answer"
    ended = zroute(command, "--timeout", "100ms", nobody)
    assert ended.code == NO_ANSWER and nobody in ended.errors


# top

STATS = [
    {
        "calls": 100 * turn,
        "open": 3,
        "uptime_ms": 1000 * turn,
        "faults_handler": 2 * turn,
        "functions": {
            "plus": {"calls": 90 * turn, "faults": 0, "p50_us": 12.5, "p99_us": 80, "max_us": 2e6},
            "\x1b[2Jslow": {"calls": 10 * turn, "faults": 2 * turn, "p50_us": 1500},
        },
        "workers": [
            {
                "number": 1,
                "pid": 4711,
                "state": "busy",
                "function": "plus",
                "running_ms": 12,
                "calls": 100 * turn,
                "faults": turn,
                "memory": 3 << 20,
                "restarts": 2,
            }
        ],
        "queue": {"calls": 7, "bytes": 2048},
    }
    for turn in (1, 2)
]


def test_top_shows_what_happens_between_two_looks(zroute, scripted):
    at = scripted(zroute__stats=STATS)
    ended = zroute("top", "--once", "--interval", "10ms", at)
    assert ended.code == ANSWER, ended
    first, _, head, plus, slow, _, _, worker = ended.output.splitlines()
    assert first == f"{at}  up 2 s  100 calls/s  2 faults/s  3 open  queue 7 (2 KiB)"
    assert head.split() == "function calls/s p50 p99 max faults/s calls faults".split()
    assert plus.split() == "plus 90 12.5 µs 80.0 µs 2.00 s 0 180 0".split()
    assert slow.split() == r"\u{1b}[2Jslow 10 1.50 ms - - 2 20 4".split()
    assert worker.split() == "1 4711 busy 100 1 200 2 3.0 MiB 2 plus 12.0 ms".split()


def test_top_shows_what_waits_where_the_server_tells_it(zroute, scripted):
    def with_queues(stats):
        functions = {
            "idle": {"calls": 7, "faults": 0, "queued": 0, "p50_us": 0, "p99_us": 0, "max_us": 0},
            "stalled": {"calls": 5, "faults": 0, "queued": 4, "p50_us": 9, "p99_us": 9, "max_us": 9},
        }
        (worker,) = stats["workers"]
        return {**stats, "functions": functions, "workers": [{**worker, "queued": 3, "p50_us": 9, "p99_us": 80}]}

    at = scripted(zroute__stats=[with_queues(stats) for stats in STATS])
    _, _, head, stalled, idle, _, workers, worker = zroute("top", "--once", "--interval", "10ms", at).output.splitlines()
    assert head.split() == "function calls/s p50 p99 max faults/s queue calls faults".split()
    assert stalled.split() == "stalled 0 9.00 µs 9.00 µs 9.00 µs 0 4 5 0".split()
    assert idle.split() == "idle 0 0 0 7 0".split(), "what was not called has no times"
    assert workers.split()[3:8] == "calls/s p50 p99 faults/s queue".split()
    assert worker.split()[3:10] == "100 9.00 µs 80.0 µs 1 3".split()


def test_top_tells_programs_the_same(zroute, scripted):
    ended = zroute("top", "--once", "--interval", "10ms", "--json", scripted(zroute__stats=STATS))
    assert ended.json["calls_per_second"] == 100 and ended.json["faults_per_second"] == 2
    assert ended.json["queue"] == {"calls": 7, "bytes": 2048}
    assert [function["name"] for function in ended.json["functions"]] == ["plus", "\x1b[2Jslow"]
    assert ended.json["functions"][0]["p99_us"] == 80
    assert ended.json["workers"][0]["calls_per_second"] == 100


def test_top_tells_that_callers_are_not_served(zroute, scripted):
    at = scripted(zroute__stats=[{**stats, "stuck": "no worker of 1\nhas answered for 31 s"} for stats in STATS])
    lines = zroute("top", "--once", "--interval", "10ms", at).output.splitlines()
    assert lines[1:3] == ["stuck: no worker of 1 has answered for 31 s", ""]
    assert zroute("top", "--once", "--interval", "10ms", "--json", at).json["stuck"].startswith("no worker of 1")
    served = zroute("top", "--once", "--interval", "10ms", "--json", scripted(zroute__stats=STATS)).json
    assert served["stuck"] == ""


def test_top_watches_a_server(zroute, at):
    with zroute.begin("top", "--json", "--interval", "20ms", at) as top:
        reports = []
        while not any(report["calls_per_second"] > 0 for report in reports):
            assert zroute("call", at, "plus", "[1]").output == "1\n"
            reports.append(json.loads(top.read_line()))
            assert len(reports) < 1000
        names = [function["name"] for function in reports[-1]["functions"]]
        assert "plus" in names
        top.send_signal(signal.SIGINT)
        assert top.wait() == -signal.SIGINT


class Terminal:
    """A terminal of 80 by 24 that a command believes to be on."""

    def __init__(self, command, **environment):
        self.output = b""
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, {**os.environ, "TERM": "xterm", **environment})
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        os.set_blocking(self._descriptor, False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._descriptor)

    def read(self):
        with contextlib.suppress(OSError):
            while more := os.read(self._descriptor, 65536):
                self.output += more
        return self.output

    def wait(self):
        def has_ended():
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid, self.code = 0, os.waitstatus_to_exitcode(status)
            return pid

        wait_until(has_ended, "the command to end")
        self.read()
        return self.code


def test_top_draws_on_a_terminal_and_leaves_it_as_it_was(zroute, at):
    command = [str(zroute.program), "top", "--interval", "10ms", at]
    with Terminal(command) as terminal:
        wait_until(lambda: terminal.read().count(b"\x1b[H") >= 3, "three frames")
        os.kill(terminal.pid, signal.SIGINT)
        assert terminal.wait() == ANSWER
    assert terminal.output.startswith(b"\x1b[?1049h\x1b[?25l")
    assert terminal.output.endswith(b"\x1b[?25h\x1b[?1049l")
    assert at.encode() in terminal.output


def test_colour_is_for_terminals_that_want_it(zroute, scripted):
    at = scripted(zroute__list=[DESCRIBED])
    command = [str(zroute.program), "list", at]
    for environment, is_coloured in [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ]:
        with Terminal(command, **environment) as terminal:
            assert terminal.wait() == ANSWER
        assert (b"\x1b[" in terminal.output) == is_coloured, environment
    assert b"\x1b[" not in zroute("list", at).raw


# bench


def test_bench_counts_what_was_answered(zroute, at):
    ended = zroute("bench", "--calls", 500, "-c", 2, "-f", 8, "--json", at, "plus", "[1,2]")
    assert ended.code == ANSWER, ended
    told = ended.json
    assert (told["answered"], told["faults"], told["unanswered"]) == (500, {}, {})
    times = told["latency_us"]
    assert 0 < times["p50"] <= times["p90"] <= times["p99"] <= times["p999"] <= times["max"]
    ended = zroute("bench", "--calls", 20, at, "plus", "[1,2]")
    assert "answered  20 in " in ended.output and "p99.9" in ended.output
    assert ended.errors == "", "progress is for terminals"


def test_bench_keeps_a_rate(zroute, at):
    # There is a place for each, however long some take.
    ended = zroute("bench", "--rate", 200, "-d", "500ms", "-f", 100, "--timeout", "30s", "--json", at, "plus", "[1]")
    assert ended.code == ANSWER
    assert ended.json["answered"] == 100, "begun at fixed times, whatever the server does"


def test_bench_tells_what_it_could_not_begin_in_time(zroute, rude):
    # The first call connects; of the others each waits for its timeout in the only place.
    ended = zroute(
        *["bench", "--rate", 10, "-d", "5s", "--timeout", "2s", "--json"],
        *[rude.endpoint, "first_then_silence", "[1]"],
    )
    assert ended.code == NO_ANSWER, ended
    told = ended.json
    assert told["unanswered"]["timeout"] + told["not_begun"] == 50


def test_bench_tells_faults_and_silence_by_kind(zroute, at, rude, nobody):
    ended = zroute("bench", "--calls", 10, "--json", at, "fail", "1")
    assert (ended.code, ended.json["faults"]) == (FAULT, {"7 NoMoney": 10})
    assert ended.json["answered"] == 0
    ended = zroute("bench", "--calls", 10, "--timeout", "30s", at, "no_such_function")
    assert ended.code == FAULT and "fault     10: -32601 UnknownFunction" in ended.output
    for endpoint in (nobody, rude.endpoint):
        ended = zroute("bench", "--calls", 1, "--timeout", "200ms", endpoint, "silence")
        assert (ended.code, ended.output) == (NO_ANSWER, "")
        ended = zroute("bench", "--calls", 1, "--timeout", "200ms", "--json", endpoint, "silence")
        assert ended.code == NO_ANSWER and ended.json["error"]["kind"]


def test_ctrl_c_ends_a_bench_with_what_was_measured(zroute, at):
    with zroute.begin("bench", "--json", "-c", "2", "-d", "1h", at, "plus", "[1]") as bench:
        calls = lambda: zroute("top", "--once", "--json", "--interval", "1ms", at).json["calls"]
        before = calls()
        wait_until(lambda: calls() > before + 100, "calls of the bench")
        bench.send_signal(signal.SIGINT)
        assert json.loads(bench.read_all())["answered"] > 0
        assert bench.wait() == CTRL_C


# keygen


def test_keygen_makes_pairs_that_work_and_keeps_the_secret(zroute, tmp_path):
    pair = zroute("keygen", "--json").json
    assert zmq.curve_public(pair["secret_key"].encode()).decode() == pair["public_key"]
    file = tmp_path / "own.key"
    ended = zroute("keygen", "--out", file)
    text = file.read_text(encoding="utf-8")
    assert ended.code == 0 and f'public-key = "{ended.output.strip()}"' in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secret = re.search(r'secret-key = "(.{40})"', text)[1]
    assert zmq.curve_public(secret.encode()).decode() == ended.output.strip()
    assert secret not in ended.output + ended.errors
    again = zroute("keygen", "--out", file)
    assert again.code == USAGE and "File exists" in again.errors
    assert file.read_text(encoding="utf-8") == text


# all of them


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps(zroute, command):
    ended = zroute(command, "--help")
    assert (ended.code, ended.errors) == (0, "")
    assert "Examples:" in ended.output and f"zroute {command}" in ended.output
    assert zroute("help", command).output == ended.output
    assert f"\n  {command} " in zroute("--help").output


@pytest.mark.parametrize("command", ["call", "ping", "list", "top", "bench"])
def test_help_tells_the_exit_codes(zroute, command):
    assert "Exit codes: 0 " in zroute(command, "--help").output


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such-command"],
        ["call"],
        ["call", "tcp://127.0.0.1:1"],
        ["call", "plus", "[1]"],
        ["call", "tcp://127.0.0.1:1", "plus", "[1"],
        ["call", "tcp://127.0.0.1:1", "plus", "World"],
        ["call", "nonsense://127.0.0.1:1", "plus"],
        ["call", "tcp://127.0.0.1:1", "plus", "--timeout", "0"],
        ["call", "tcp://127.0.0.1:1", "plus", "--timeout", "soon"],
        ["call", "tcp://127.0.0.1:1", "plus", "--json", "--raw"],
        ["call", "tcp://127.0.0.1:1", "plus", "--user", "me"],
        ["call", "tcp://127.0.0.1:1", "plus", "--curve-server-key", "short"],
        ["call", "tcp://127.0.0.1:1", "plus", "--curve-server-key-file", "/nowhere"],
        ["ping", "here"],
        ["list"],
        ["top", "tcp://127.0.0.1:1", "--interval", "0"],
        ["bench", "tcp://127.0.0.1:1", "plus", "--connections", "0"],
        ["bench", "tcp://127.0.0.1:1", "plus", "--calls", "5", "--duration", "1s"],
        ["serve", "/", "--bind=tcp://127.0.0.1:*"],
        ["serve", "/dev/null", "--bind=tcp://127.0.0.1:*", "--watch", "/nowhere"],
        ["serve", "/dev/null", "--bind=tcp://127.0.0.1:*", "--metrics=:9100"],
        ["keygen", "--out", "/nowhere/key"],
        ["completions", "csh"],
        ["man", "--out", "/dev/null/man"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_64_and_says_why(zroute, arguments):
    ended = zroute(*arguments)
    assert (ended.code, ended.output) == (USAGE, ""), ended
    assert ended.errors


def test_a_reader_that_leaves_ends_the_command_quietly(zroute, at):
    for arguments in (["list", at], ["top", "--interval", "1ms", at], ["man"]):
        script = '"$@" | true; exit ${PIPESTATUS[0]}'
        with Process(["bash", "-c", script, "bash", zroute.program, *arguments]) as shell:
            assert shell.wait() in (0, READER_LEFT)
            assert shell.errors == ""


def test_ctrl_c_ends_a_call(zroute, rude):
    with zroute.begin("call", rude.endpoint, "silence") as call:
        wait_until(lambda: call.sockets > 0, "the call to begin")
        call.send_signal(signal.SIGINT)
        assert call.wait() == -signal.SIGINT


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_name_every_command(zroute, shell):
    text = zroute("completions", shell).output
    assert all(command in text for command in COMMANDS)


def test_manual_pages_name_every_option(zroute, tmp_path):
    assert zroute("man", "--out", tmp_path / "man1").code == 0
    assert zroute("man").output.startswith(".")
    for command in COMMANDS:
        page = (tmp_path / "man1" / f"zroute-{command}.1").read_text(encoding="utf-8")
        told, _, _ = zroute(command, "--help").output.partition("Examples:")
        for option in re.findall(r"--[a-z][a-z-]+", told):
            assert option.replace("-", "\\-") in page, option


# docs/cli.md

DOCUMENT = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^(?:    )?\$ (zroute .*)\n((?:(?!    \$|\$)(?:    )?\S.*\n)*)", DOCUMENT, re.MULTILINE)


def test_the_documents_options_exist(zroute):
    known = "".join(zroute(command, "--help").output for command in [*COMMANDS, "serve"])
    options = re.findall(r"--[a-z][a-z-]+", DOCUMENT)
    assert len(options) > 20
    for option in options:
        assert option in known, option


def test_the_documents_calls_print_what_it_says(zroute, programs, tmp_path):
    (code,) = re.findall(r"```php\n(.*?)```", DOCUMENT, re.DOTALL)
    assert "$server->bind('tcp://127.0.0.1:5555');" in code
    code = code.replace("$server->bind(", "echo 'listening on ', $server->bind(")
    script = tmp_path / "server.php"
    autoload = ROOT / "php/autoload.php"
    code = code.replace("5555');", "0'), PHP_EOL;")
    script.write_text(f"<?php\nrequire '{autoload}';\n{code}", encoding="utf-8")
    calls = [(line, output) for line, output in EXAMPLES if line.startswith("zroute call")]
    assert len(calls) >= 6
    with Listener([*programs.php, script], **programs.environment) as server:
        for line, expected in calls:
            words = shlex.split(line.replace("tcp://127.0.0.1:5555", server.endpoint))
            words = [word.replace(":5556", f":{free_port()}") for word in words]
            ended = zroute(*words[1:])
            told = (ended.output + ended.errors).replace(words[-2], "tcp://127.0.0.1:5556")
            expected = re.sub("^    ", "", expected, flags=re.MULTILINE)
            if TRANSPORT == "libzmq":
                expected = expected.replace(" (Connection refused)", "")
            assert told == expected, line
