"""The seed's demo 6, word for word, at either end."""

import sys

import pytest

from processes import Process
from programs import seed_script

PARAMETERS = [1, 2, 2, 3, 3, 4, 2, 3, -1]


def test_the_seeds_client_gets_19(programs, language, server, tmp_path):
    port = server.endpoint.rsplit(":", 1)[1]
    with Process([sys.executable, seed_script("client.py", port, tmp_path)]) as client:
        assert client.read_all() == "19\n", client
        assert client.wait() == 0


@pytest.mark.parametrize("language", ["php", "c"])
def test_the_seeds_server_serves_our_client(programs, seed_server, language):
    with programs.client(language, seed_server.endpoint) as client:
        assert client.call("plus", PARAMETERS) == ["answer", 19]


@pytest.mark.parametrize("language", ["php", "c"])
def test_64_calls_in_flight_at_the_seeds_server_each_get_their_own_answer(
    programs, seed_server, language
):
    with programs.client(language, seed_server.endpoint) as client:
        for turn in range(20):
            calls = [("plus", [number, turn * 1000, -number * 3]) for number in range(64)]
            expected = [["answer", sum(parameters)] for _, parameters in calls]
            assert client.calls(calls) == expected
        assert client.unmatched == 0
