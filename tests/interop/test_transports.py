"""The transport that is asked for is the one that serves."""

import pytest
import zmq

from plain import Dealer
from processes import wait_until
from programs import TRANSPORT


def transport_of(program):
    """Which transport a program uses, by the threads that libzmq has."""
    # One has its name once it runs; until then it has that of the program.
    wait_until(lambda: len(set(program.threads)) == len(program.threads), f"the threads of {program} to have names")
    libzmqs = [name for name in program.threads if name.startswith("ZMQbg/")]
    return "libzmq" if libzmqs else "zmtp"


def test_the_environment_chooses_the_transport(server):
    with Dealer(server.endpoint) as dealer:
        dealer.assert_served()
        assert transport_of(server) == TRANSPORT


# The option has nothing to do with the variable that the tests run under.
zmtp = pytest.mark.zmtp("tried once is enough")


@zmtp
@pytest.mark.parametrize("transport", ["zmtp", "libzmq"])
@pytest.mark.parametrize("environment", ["zmtp", "libzmq"])
def test_the_option_wins_over_the_environment(programs, language, transport, environment):
    set_to = {"ZROUTE_TRANSPORT": environment}
    with programs.server(language, environment=set_to, transport=transport) as server:
        with programs.client(
            language, server.endpoint, environment=set_to, transport=transport
        ) as client:
            assert client.call("plus", [1, 2]) == ["answer", 3]
            assert transport_of(server) == transport
            assert transport_of(client) == transport


@zmtp
@pytest.mark.parametrize("ours, theirs", [("zmtp", "libzmq"), ("libzmq", "zmtp")])
def test_either_transport_reaches_the_other(programs, language, ours, theirs):
    with programs.server(language, transport=theirs) as server:
        with programs.client(language, server.endpoint, transport=ours) as client:
            calls = [("echo", [number, "x" * 1000]) for number in range(200)]
            assert client.calls(calls) == [["answer", parameters] for _, parameters in calls]
            assert client.unmatched == 0


@zmtp
def test_a_transport_that_is_none_is_refused(programs, language):
    with pytest.raises(AssertionError, match="(?s)transport.*zmtp.*libzmq.*pigeon"):
        programs.server(language, transport="pigeon")


@zmtp
def test_no_option_and_no_variable_is_zmtp(programs, language, tmp_path):
    unset = {"ZROUTE_TRANSPORT": ""}
    for endpoint in ("tcp://127.0.0.1:0", f"ipc://{tmp_path}/server.sock"):
        with programs.server(language, endpoint, environment=unset) as server:
            assert transport_of(server) == "zmtp"


@zmtp
def test_curve_is_served_by_libzmq_without_being_asked(programs, language):
    _, secret = zmq.curve_keypair()
    unset = {"ZROUTE_TRANSPORT": ""}
    with programs.server(
        language, environment=unset, curve_secret_key=secret.decode()
    ) as server:
        assert transport_of(server) == "libzmq"
