"""The transport that is asked for is the one that serves."""

import pytest

from plain import Dealer
from processes import Listener
from programs import TRANSPORT


def is_on_the_callers_thread(server):
    """libzmq has threads of its own; the other transport has none."""
    return server.threads == 1


def test_the_environment_chooses_the_transport(server):
    with Dealer(server.endpoint) as dealer:
        dealer.assert_served()
        assert is_on_the_callers_thread(server) == (TRANSPORT == "zmtp")


zmtp = pytest.mark.zmtp("an older library knows no option 'transport'")


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
            assert is_on_the_callers_thread(server) == (transport == "zmtp")
            assert is_on_the_callers_thread(client) == (transport == "zmtp")


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
    with pytest.raises(AssertionError, match="transport.*zmtp.*libzmq.*pigeon"):
        programs.server(language, transport="pigeon")


@zmtp
def test_curve_is_served_by_libzmq_without_being_asked(programs, language):
    import zmq

    _, secret = zmq.curve_keypair()
    unset = {"ZROUTE_TRANSPORT": ""}
    with programs.server(
        language, environment=unset, curve_secret_key=secret.decode()
    ) as server:
        assert isinstance(server, Listener)
        assert not is_on_the_callers_thread(server)
