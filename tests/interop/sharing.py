"""Tests that several processes share: each takes the next part that no other has taken.

`tests/interop/run` starts them and names, in ZROUTE_TAKEN, the folder in which they note
what they take, and in ZROUTE_FAILED the file in which they tell what failed.
"""

import itertools
import os
from pathlib import Path

import pytest

from programs import TRANSPORT

LONGEST = ["test_heartbeats", "test_peer_kinds", "test_drop_in_zmq", "test_zerorpc_servers", "test_zerorpc_heartbeats"]
"""They come first, so that none is left when the others are through; nothing else depends on it."""

TAKEN = os.environ.get("ZROUTE_TAKEN")
FAILED = os.environ.get("ZROUTE_FAILED")


def _part(item):
    """A file, and the server that its tests share: what one process takes as a whole."""
    if "alone" in item.fixturenames:
        # Only one at a time can run, so that one process takes them all.
        return "alone"
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return f"{item.path.stem} {parameters.get('language', '')}{parameters.get('served', '')}"


def _taken(items, folder):
    """The tests of the parts that this process takes; it takes one when it gets there."""

    def order(item):
        # One transport has those that run alone at first, the other at last: they would wait for each other.
        at_the_end = (_part(item) == "alone") == (TRANSPORT == "libzmq")
        return at_the_end, item.path.stem not in LONGEST

    items = sorted(items, key=order)
    mine = set()
    for part, tests in itertools.groupby(items, key=_part):
        try:
            if part not in mine:
                (folder / part).touch(exist_ok=False)
                mine.add(part)
        except FileExistsError:
            continue
        yield from tests


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    if not TAKEN or session.config.option.collectonly or session.testsfailed:
        return None
    upcoming = _taken(session.items, Path(TAKEN))
    item = next(upcoming, None)
    while item:
        following = next(upcoming, None)
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        item = following
    return True


def pytest_runtest_logreport(report):
    if FAILED and report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        why = crash.message if crash else str(report.longrepr)
        with open(FAILED, "a", encoding="utf-8") as file:
            file.write(f"{TRANSPORT} {report.nodeid} ({report.when}): {' '.join(why.split()):.400}\n")
