"""Programs written for ext-zmq, on the drop-in, with others on the extension and on pyzmq.

What a program does is in peers/zmq. Each runs on either, word for word.
"""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import zmq

from processes import PATIENCE, Process, wait_until
from programs import PEERS, ROOT, free_port

KINDS = ["drop-in", "extension"]

pytestmark = pytest.mark.zmtp("the drop-in is libzmq either way")


@pytest.fixture
def start(programs):
    """Starts a script of peers/zmq on the drop-in or the extension; all are ended with the test."""
    started = []

    def start(kind, script, *arguments):
        php = {
            "drop-in": [*programs.php, "-d", f"auto_prepend_file={ROOT / 'php/drop-in.php'}"],
            "extension": [*programs.php[:2], "-d", "extension=zmq"],
        }[kind]
        process = Process([*php, PEERS / "zmq" / script, *arguments], **programs.environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.__exit__()


@pytest.fixture
def context():
    with zmq.Context() as context:
        context.setsockopt(zmq.RCVTIMEO, PATIENCE * 1000)
        context.setsockopt(zmq.LINGER, 0)
        yield context


def ask(client, line):
    client.write(line.encode() + b"\n")
    return client.read_line()


BETWEEN = [pair for pair in itertools.product(KINDS, KINDS) if "drop-in" in pair]


@pytest.mark.parametrize("server,client", BETWEEN)
def test_requests_are_answered(start, server, client):
    endpoint = start(server, "reply.php", "tcp://127.0.0.1:*").read_line()
    client = start(client, "request.php", endpoint)
    assert client.read_line() == "ready"
    for text in ("hello there!", "x" * 100_000, "a\tb\tc"):
        assert ask(client, text) == text


def test_pyzmq_asks_the_drop_in(start, context):
    endpoint = start("drop-in", "reply.php", "tcp://127.0.0.1:*").read_line()
    with context.socket(zmq.REQ) as client:
        client.connect(endpoint)
        for message in ([b"hello"], [b"", b"\0", b"x" * 1_000_000]):
            client.send_multipart(message)
            assert client.recv_multipart() == message


def test_the_drop_in_asks_pyzmq(start, context):
    with context.socket(zmq.REP) as server:
        port = server.bind_to_random_port("tcp://127.0.0.1")
        client = start("drop-in", "request.php", f"tcp://127.0.0.1:{port}")
        client.read_line()
        client.write(b"hello\n")
        assert server.recv() == b"hello"
        server.send(b"world")
        assert client.read_line() == "world"


@pytest.mark.parametrize("server,client", BETWEEN)
def test_a_request_that_came_before_its_server_is_answered(start, server, client):
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    client = start(client, "request.php", endpoint)
    client.read_line()
    client.write(b"is anybody there\n")
    start(server, "reply.php", endpoint)
    assert client.read_line() == "is anybody there"


@pytest.mark.parametrize("kind", KINDS)
def test_one_client_asks_three_servers_in_turn(start, kind):
    kinds = ["drop-in", "extension", "drop-in"]
    servers = [start(one, "reply.php", "tcp://127.0.0.1:*", str(i)) for i, one in enumerate(kinds)]
    client = start(kind, "request.php", *(server.read_line() for server in servers))
    client.read_line()
    names = [ask(client, "hello\tyou").split("\t")[0] for _ in range(12)]
    assert sorted(names[:3]) == ["0", "1", "2"]
    assert names == names[:3] * 4


@pytest.mark.parametrize("publisher,subscriber", BETWEEN)
def test_who_has_joined_misses_nothing_below_the_mark(start, publisher, subscriber):
    publisher = start(publisher, "publish.php", "3", "900")
    endpoint = publisher.read_line()
    subscribers = {
        "900 899": [start(subscriber, "subscribe.php", endpoint, "", "1")],
        "450 898": [start(subscriber, "subscribe.php", endpoint, "even", "2") for _ in range(2)],
    }
    for expected, some in subscribers.items():
        for one in some:
            assert one.read_line() == expected, one
    assert publisher.wait() == 0


@pytest.mark.parametrize("pusher,puller", BETWEEN)
def test_what_is_pushed_is_shared_out_and_complete(start, pusher, puller):
    pusher = start(pusher, "push.php", "3", "2700")
    endpoint = pusher.read_line()
    pullers = [start(puller, "pull.php", endpoint) for _ in range(3)]
    counts = [int(one.read_line()) for one in pullers]
    # Less than what a socket holds back for a puller that is slow.
    assert counts == [900] * 3
    assert pusher.wait() == 0


@pytest.mark.parametrize("timer", [[], ["5"]], ids=["native", "with a timer"])
def test_a_device_stands_between_clients_and_workers(start, context, timer):
    device = start("drop-in", "queue.php", *timer)
    front, back = device.read_line(), device.read_line()
    served = [0, 0]

    def work(number):
        with context.socket(zmq.REP) as worker:
            worker.connect(back)
            while (message := worker.recv_multipart()) != [b"end"]:
                served[number] += 1
                worker.send_multipart([b"%d" % number, *message])
            worker.send(b"ended")

    workers = [threading.Thread(target=work, args=[number]) for number in range(2)]
    for worker in workers:
        worker.start()
    clients = [start(kind, "request.php", front) for kind in ["drop-in", "extension", "drop-in"]]
    for client in clients:
        client.read_line()
    # Until then the device may know of one worker alone.
    wait_until(lambda: ask(clients[0], "is\tanybody there") and min(served) > 0, "both workers to be asked")
    served[:] = 0, 0
    for turn in range(20):
        for number, client in enumerate(clients):
            assert ask(client, f"{number}\t{turn}").split("\t")[1:] == [str(number), str(turn)]
    with context.socket(zmq.DEALER) as ending:
        ending.connect(front)
        for _ in workers:
            ending.send_multipart([b"", b"end"])
            assert ending.recv_multipart()[-1] == b"ended"
    for worker in workers:
        worker.join(PATIENCE)
    assert sum(served) == 60 and min(served) > 0
    assert device.is_running


def test_a_thousand_processes_end_one_after_the_other(programs, context):
    php = [*programs.php, "-d", f"auto_prepend_file={ROOT / 'php/drop-in.php'}"]
    with context.socket(zmq.PULL) as pull:
        port = pull.bind_to_random_port("tcp://127.0.0.1")
        command = [*php, PEERS / "zmq/ends.php", f"tcp://127.0.0.1:{port}"]

        def run(_):
            with Process(command, **programs.environment) as process:
                return process.wait(), process.errors

        with ThreadPoolExecutor(4) as pool:
            ends = list(pool.map(run, range(1000)))
        assert ends == [(0, "")] * 1000
        assert [pull.recv() for _ in ends] == [b"one more"] * 1000
