"""Times that are promised."""

import os
import time

from processes import wait_until

IS_CAMPAIGN = "DISCOVERY_SECONDS" in os.environ


class Clock:
    """Measures, and tells in the report; only a campaign holds what it measures to its limit: tests share the machine."""

    def __init__(self, remarks):
        self._remarks = remarks

    def until(self, condition, what, limit):
        """Waits until the condition holds, for no longer than the limit if all is well."""
        began = time.monotonic()
        wait_until(condition, what)
        self.took(time.monotonic() - began, what, limit)

    def took(self, seconds, what, limit):
        self._remarks.append(f"{what}: {seconds:.2f} s, of {limit:g} s promised")
        assert seconds <= limit or not IS_CAMPAIGN, f"{what}: {seconds:.2f} s"
