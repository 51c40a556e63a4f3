"""Servers that are killed, restarted and asked to end, while clients call."""

import contextlib
import signal
import threading

import pytest
import zmq

import zmtp
from plain import SHUTTING_DOWN, Dealer, Peer, code, read, request
from processes import PATIENCE, wait_until
from programs import free_port


class Caller(threading.Thread):
    """Makes one call after the other until it is told to stop."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self._client = client
        self._stop_wanted = threading.Event()
        self.results = []

    def run(self):
        while not self._stop_wanted.is_set():
            number = len(self.results)
            self.results.append((number, *self._client.call("echo", [number], 500)))

    def answers(self):
        return sum(kind == "answer" for _, kind, _ in self.results)

    def wait_for_answers(self, count):
        goal = self.answers() + count
        wait_until(lambda: self.answers() >= goal or not self.is_alive(), f"{count} more answers")
        assert self.is_alive(), "the calls have ended"

    def wait_for_failure(self):
        begun = len(self.results)
        wait_until(
            lambda: any(kind != "answer" for _, kind, _ in self.results[begun:])
            or not self.is_alive(),
            "a failed call",
        )
        assert self.is_alive(), "the calls have ended"

    def finish(self):
        self._stop_wanted.set()
        self.join(PATIENCE)
        assert not self.is_alive()
        return self.results


@pytest.mark.parametrize("client_language", ["php", "c"])
def test_calls_go_on_after_the_server_was_killed_and_restarted(
    programs, language, client_language
):
    with contextlib.ExitStack() as stack:
        endpoint = f"tcp://127.0.0.1:{free_port()}"
        server = stack.enter_context(programs.server(language, endpoint))
        client = stack.enter_context(programs.client(client_language, endpoint, reconnect_ms=10))
        caller = Caller(client)
        caller.start()
        caller.wait_for_answers(50)
        for _ in range(2):
            server.send_signal(signal.SIGKILL)
            assert server.wait() == -signal.SIGKILL
            caller.wait_for_failure()
            server = stack.enter_context(programs.server(language, endpoint))
            caller.wait_for_answers(50)
        results = caller.finish()
    for number, kind, value in results:
        assert kind in ("answer", "timeout", "not connected", "outcome unknown")
        assert kind != "answer" or value == [number]


def test_a_req_of_pyzmq_goes_on_after_a_restart(programs, language):
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    with programs.server(language, endpoint) as server:
        with Peer(zmq.REQ, endpoint, req_relaxed=True, req_correlate=True) as peer:
            assert read(*peer.exchange(request("echo", 1))) == 1
            server.send_signal(signal.SIGKILL)
            server.wait()
            peer.expect_event(zmq.EVENT_DISCONNECTED)
            with programs.server(language, endpoint):
                assert read(*peer.exchange(request("echo", 2))) == 2


def test_sigterm_lets_the_call_in_progress_end(programs, language):
    with programs.server(language) as server, Dealer(server.endpoint) as dealer:
        dealer.assert_served()
        held = dealer.submit(request("hold", []))
        assert server.read_line() == "holding"
        server.send_signal(signal.SIGTERM)
        server.write(b"go on\n")
        call, body = dealer.collect()
        assert (call, read(body)) == (held, 1)
        assert server.wait() == 0


def test_sigterm_leaves_no_call_without_a_word(programs, language):
    count = 200
    with programs.server(language) as server, Dealer(server.endpoint) as dealer:
        held = dealer.submit(request("hold", []))
        assert server.read_line() == "holding"
        with zmtp.connect(server.endpoint, PATIENCE) as waiting:
            zmtp.introduce(waiting, b"DEALER")
            for number in range(count):
                waiting.sendall(zmtp.message(b"%d" % number, b"", request("echo", [number])))
            wait_until(lambda: zmtp.has_been_read(waiting), "the server to have all calls")
            server.send_signal(signal.SIGTERM)
            server.write(b"go on\n")
            messages = zmtp.Messages(greeted=True)
            answers = []
            while data := waiting.recv(65536):
                answers += messages.feed(data)
        assert server.wait() == 0
        call, body = dealer.collect()
        assert (call, read(body)) == (held, 1)
        assert [number for number, _, _ in answers] == [b"%d" % number for number in range(count)]
        for number, _, body in answers:
            assert read(body) == [int(number)] or code(body) == SHUTTING_DOWN
        assert code(answers[-1][2]) == SHUTTING_DOWN, "the server ends after the call in progress"


def test_sigterm_loses_no_call_of_a_req_that_goes_on_calling(programs, language):
    with programs.server(language) as server, Peer(zmq.REQ, server.endpoint) as peer:
        assert read(*peer.exchange(request("echo", 0))) == 0
        server.send_signal(signal.SIGTERM)
        for number in range(100_000):
            (body,) = peer.exchange(request("echo", [number]))
            if read(body) != [number]:
                break
        assert code(body) == SHUTTING_DOWN
        assert server.wait() == 0


def test_sigterm_ends_an_idle_server(programs, language):
    with programs.server(language) as server, Dealer(server.endpoint) as dealer:
        dealer.assert_served()
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0
