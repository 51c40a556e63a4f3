"""A good client that calls all the time, beside whatever else a test does to a server."""

import contextlib
import threading

import zmq

from plain import Dealer, read, request
from processes import PATIENCE, wait_until


class SteadyCaller(threading.Thread):
    def __init__(self, dealer):
        super().__init__(daemon=True)
        self._dealer = dealer
        self._stop_wanted = threading.Event()
        self.answered = 0
        self.failure = None

    def run(self):
        try:
            while not self._stop_wanted.is_set():
                call = [self.answered, "x" * (self.answered % 500)]
                answer = read(self._dealer.ask(request("echo", call)))
                assert answer == call, f"an answer to another call: {answer!r:.200}"
                self.answered += 1
        # Whatever it is, the test has to hear of it.
        except BaseException as error:  # noqa: BLE001
            self.failure = error

    def wait_for_answers(self, count):
        """Waits until so many more calls have been answered."""
        goal = self.answered + count
        wait_until(lambda: self.failure or self.answered >= goal, f"{count} more answers")
        assert self.failure is None, self.failure

    def stop(self):
        self._stop_wanted.set()
        self.join(PATIENCE)
        assert not self.is_alive()
        assert self.failure is None, self.failure


@contextlib.contextmanager
def served_all_the_time(server):
    """A client that calls one after the other; each call has to be answered, on one connection."""
    with Dealer(server.endpoint) as dealer:
        dealer.assert_served()
        caller = SteadyCaller(dealer)
        caller.start()
        try:
            yield caller
            caller.wait_for_answers(20)
        finally:
            caller.stop()
        assert dealer.has_seen_no_event(zmq.EVENT_DISCONNECTED), "the client lost its connection"
