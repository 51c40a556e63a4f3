"""zerorpc and MessagePack-RPC as others made them, from the packages that packaging/require-peers installs."""

import json
import os
import subprocess

import pytest

from processes import PATIENCE, Listener, Process
from programs import PEERS, ROOT, free_port

INSTALLED = ROOT / "build/peers"
PACKAGES = ROOT / "tests/interop/packages"


def missing_peer(why):
    """Skips the test whose peer is not there, or fails it where the peers have to be."""
    if os.environ.get("ZROUTE_PEERS") == "required":
        pytest.fail(why)
    pytest.skip(why)


def _demand(peer, package_list):
    installed, wanted = INSTALLED / peer / "installed", PACKAGES / package_list
    if installed.is_file() and installed.read_bytes() == wanted.read_bytes():
        return
    missing_peer(f"build/peers/{peer} is missing or old: run 'packaging/require-peers', which needs a network")


def python_command(script, *arguments):
    _demand("python", "requirements.txt")
    return [INSTALLED / "python/bin/python", PEERS / script, *arguments]


def node_command(script, *arguments):
    _demand("node", "package.json")
    return ["node", PEERS / script, *arguments]


NODE_MODULES = {"NODE_PATH": str(INSTALLED / "node/node_modules")}


class Peer(Process):
    """A process of the peer's clients, which carries out orders; several may be under way."""

    def __init__(self, language, command):
        super().__init__(command, **NODE_MODULES)
        self.language = language
        self._orders = 0
        self._told = {}

    def begin(self, do, server, **order):
        """Gives an order; returns its number."""
        self._orders += 1
        order.update(number=self._orders, do=do, endpoint=server.endpoint)
        self.write(json.dumps(order).encode() + b"\n")
        return self._orders

    def finish(self, number, patience=PATIENCE):
        """What became of an order."""
        while number not in self._told:
            told = json.loads(self.read_line(patience))
            self._told[told.pop("number")] = told
        return self._told.pop(number)

    def _do(self, do, server, patience=PATIENCE, **order):
        return self.finish(self.begin(do, server, **order), patience)

    def call(self, server, function, *arguments, **order):
        return self._do("call", server, function=function, arguments=arguments, **order)

    def stream(self, server, function, *arguments, **order):
        return self._do("stream", server, function=function, arguments=arguments, **order)

    def notify(self, server, function, *arguments):
        return self._do("notify", server, function=function, arguments=arguments)

    def calls(self, server, calls):
        return self._do("calls", server, calls=calls)


def zerorpc_python():
    return Peer("python", python_command("zerorpc_client.py"))


def zerorpc_node():
    return Peer("node", node_command("zerorpc_client.js"))


def messagepack_rpc():
    return Peer("python", python_command("messagepack_rpc_client.py"))


def zerorpc_python_server(**options):
    return Listener(python_command("zerorpc_server.py", "tcp://127.0.0.1:0", *_settings(options)))


def zerorpc_node_server(**options):
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    return Listener(node_command("zerorpc_server.js", endpoint, *_settings(options)), **NODE_MODULES)


def messagepack_rpc_server():
    return Listener(python_command("messagepack_rpc_server.py", "tcp://127.0.0.1:*"))


def _settings(options):
    return [f"{option}={value}" for option, value in options.items()]


# What of Python its command line uses has gone since its last release: from 3.10 on, and from 3.11 on.
COMMAND_LINE = """
import collections.abc, inspect, sys
collections.Iterator = collections.abc.Iterator
inspect.getargspec = lambda function: inspect.getfullargspec(function)[:4]
from zerorpc.cli import main
sys.exit(main())
"""


def zerorpc_command(*arguments):
    """The output of the zerorpc command line, which has to succeed."""
    _demand("python", "requirements.txt")
    ended = subprocess.run(
        [INSTALLED / "python/bin/python", "-W", "ignore", "-c", COMMAND_LINE, *map(str, arguments)],
        capture_output=True,
        timeout=PATIENCE,
        text=True,
    )
    assert ended.returncode == 0, (arguments, ended.stderr)
    return ended.stdout
