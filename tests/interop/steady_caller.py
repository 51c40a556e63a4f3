"""Calls without end through a client in PHP or C."""

import threading
import time

from processes import PATIENCE

IN_FLIGHT = 8


class SteadyCaller(threading.Thread):
    """Makes eight calls at a time, each idempotent or none of them.

    Use it in a `with`. `longest` are the seconds that eight calls took at most. `rest` has it make one long call instead, until `go_on`.
    """

    def __init__(self, client, idempotent):
        super().__init__(daemon=True)
        self.client, self.idempotent = client, idempotent
        self.answered, self.failures, self.longest = 0, [], 0.0
        self._calls = [("echo", [number], PATIENCE * 1000, int(idempotent)) for number in range(IN_FLIGHT)]
        self._state = threading.Condition()
        self._rest_ms, self._rests, self._has_rested, self._ends = None, False, False, False
        self._broken = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        with self._state:
            self._ends = True
            self._state.notify_all()
        self.join(PATIENCE)

    def rest(self, seconds):
        """Calls no more but once, for so long; returns when that is under way."""
        with self._state:
            self._rest_ms, self._has_rested = int(seconds * 1000), False
            self._wait_for(lambda: self._rests)

    def wait_until_rested(self, seconds):
        """Returns when the long call has been answered."""
        with self._state:
            self._wait_for(lambda: self._has_rested, seconds)

    def go_on(self):
        with self._state:
            self._rest_ms = None
            self._state.notify_all()

    def end(self):
        """Makes no more calls; returns how many were answered, and what became of the others."""
        self.__exit__()
        assert not self.is_alive(), f"calls without an end: {self.client}"
        assert self._broken is None, self._broken
        return self.answered, self.failures

    def _wait_for(self, condition, patience=0):
        assert self._state.wait_for(lambda: condition() or self._broken, PATIENCE + patience), self.client
        assert self._broken is None, self._broken

    def run(self):
        try:
            while not self._ends:
                if self._rest_ms is None:
                    began = time.monotonic()
                    self._take(self.client.calls(self._calls), [[number] for number in range(IN_FLIGHT)])
                    self.longest = max(self.longest, time.monotonic() - began)
                else:
                    self._rest(self._rest_ms)
        except Exception as error:  # For the thread that waits for this one.
            with self._state:
                self._broken = f"{error!r} of {self.client}"
                self._state.notify_all()

    def _take(self, results, expected):
        for result, value in zip(results, expected, strict=True):
            if result == ["answer", value]:
                self.answered += 1
            else:
                self.failures.append(result)

    def _rest(self, milliseconds):
        self.client.begin([("nap", [milliseconds])], milliseconds + PATIENCE * 1000)
        with self._state:
            self._rests = True
            self._state.notify_all()
        self._take(self.client.results(milliseconds / 1000 + PATIENCE), [milliseconds])
        with self._state:
            self._rests, self._has_rested = False, True
            self._state.notify_all()
            self._state.wait_for(lambda: self._rest_ms is None or self._ends)
