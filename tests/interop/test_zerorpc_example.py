"""examples/zerorpc, each part a process of its own, as a user runs them."""

import packaged_peers
from packaged_peers import NODE_MODULES
from processes import Listener, Process
from programs import ROOT

EXAMPLE = ROOT / "examples/zerorpc"


def squares(lines):
    return lines[1:6] == ["1", "4", "9", "16", "25"]


def test_clients_of_zerorpc_call_a_server_in_php(programs):
    with Listener([*programs.php, EXAMPLE / "server.php", "tcp://127.0.0.1:*"], **programs.environment) as server:
        for language, command in {
            "Python": packaged_peers.python_command(EXAMPLE / "client.py"),
            "Node": packaged_peers.node_command(EXAMPLE / "client.js"),
            "PHP": [*programs.php, EXAMPLE / "client.php"],
        }.items():
            with Process([*command, server.endpoint], **programs.environment, **NODE_MODULES) as client:
                lines = client.read_all().splitlines()
                assert client.wait() == 0, client
            assert lines[0] == f"Hello, {language}!", client.command
            assert squares(lines), lines
            assert len(lines) == 7 and lines[6].startswith("UnknownFunction: ") and "goodbye" in lines[6], lines
        listed = packaged_peers.zerorpc_command("--inspect", server.endpoint)
        assert "hello(name)" in listed and "squares(first, last)" in listed, listed
