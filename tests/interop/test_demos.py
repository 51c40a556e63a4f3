"""Demos 1 to 5, each part a process of its own, as a user runs them."""

import re
import sys

import pytest

from processes import Listener, Process
from programs import ROOT, free_port

EXAMPLES = ROOT / "examples"
HERE = "tcp://127.0.0.1:*"
DATE = r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d [ap]m"


@pytest.fixture
def demo(programs):
    """Starts a script of examples/; one that binds says first where it listens."""

    def start(script, *arguments, kind=Process):
        php = script.endswith(".php")
        command = programs.php if php else [sys.executable]
        return kind([*command, EXAMPLES / script, *arguments], **programs.environment)

    return start


def listen(demo, script, *arguments):
    return demo(script, *(arguments or (HERE,)), kind=Listener)


def test_demo_1_echoes(demo):
    with listen(demo, "demo1/server.php") as server:
        for _ in range(2):
            with demo("demo1/client.php", server.endpoint) as client:
                assert client.read_all() == "Get back message: hello there!\n", client
                assert client.wait() == 0
            assert server.read_line() == "Get message: hello there!"


def test_demo_2_answers_a_request_that_was_sent_before_the_server_was_alive(demo):
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    with demo("demo2/client.py", endpoint) as client:
        assert client.read_line() == "sent hello"
        with listen(demo, "demo2/server.php", endpoint) as server:
            assert server.read_line() == "Get message: hello"
            assert client.read_all() == "b'hello'\n", client


def test_demo_3_publishes_every_date_from_joining_on_to_every_consumer(demo):
    with listen(demo, "demo3/producer.php") as producer:
        with (
            demo("demo3/consumer.php", producer.endpoint) as one,
            demo("demo3/consumer.php", producer.endpoint) as other,
        ):
            consumed = [[consumer.read_line() for _ in range(3)] for consumer in (one, other)]
        published = []
        for lines in consumed:
            dates = [line.removeprefix("Get date: ") for line in lines]
            while dates[-1] not in published:
                published.append(producer.read_line())
                assert re.fullmatch(DATE, published[-1])
            first = published.index(dates[0])
            assert published[first : first + 3] == dates


def test_demo_3_pushes_every_date_to_one_puller(demo):
    with listen(demo, "demo3/push.php") as push:
        with (
            demo("demo3/pull.php", push.endpoint) as one,
            demo("demo3/pull.php", push.endpoint) as other,
        ):
            for pull in (one, other):
                assert re.fullmatch(f"Get back message {DATE}", pull.read_line())
            assert re.fullmatch(f"Now is {DATE}", push.read_line())


def test_demo_4_asks_three_servers_in_fair_order(demo):
    names = ["amsterdam", "berlin", "cairo"]
    with (
        listen(demo, "demo4/server.php", HERE, names[0]) as amsterdam,
        listen(demo, "demo4/server.php", HERE, names[1]) as berlin,
        listen(demo, "demo4/server.php", HERE, names[2]) as cairo,
    ):
        servers = [amsterdam, berlin, cairo]
        with demo("demo4/client.py", *(server.endpoint for server in servers)) as client:
            answers = [client.read_line() for _ in range(6)]
        assert answers == [f"[b'{name}']" for name in names] * 2
        for server in servers:
            assert [server.read_line() for _ in range(2)] == ["Get message: hello"] * 2


def test_demo_5_reverses(demo):
    with listen(demo, "demo5/server.php") as server:
        with demo("demo5/client.py", server.endpoint) as client:
            assert client.read_all() == "['world', 'hello']\n", client
        dumped = [server.read_line() for _ in range(6)]
        assert dumped[0] == "array(2) {"
        assert 'string(5) "hello"' in dumped[2]
