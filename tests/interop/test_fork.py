"""A server whose process forks goes on serving, and the child holds nothing of it."""

import contextlib
import os
import signal

import pytest

import zmtp
from plain import GOOD, GOOD_ANSWER, Dealer, read, request
from processes import sockets_of, wait_until
from programs import free_port
from zmtp import Session


@contextlib.contextmanager
def killed_afterwards(child):
    """A child of a server, which nobody else ends."""
    try:
        yield child
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_handler_whose_child_exits_is_answered_once(programs, language):
    with programs.server(language) as server, Dealer(server.endpoint) as dealer:
        for number in range(20):
            assert dealer.call("fork_and_exit", []) == 0
            assert dealer.call("echo", [number]) == [number]
        assert server.is_running


def test_calls_in_flight_around_a_fork_are_each_answered_once(programs, language):
    with programs.server(language) as server, Session.introduced(server.endpoint) as session:
        for _ in range(5):
            for number in range(20):
                session.send(zmtp.message(b"%d" % number, b"", request("echo", [number])))
            session.send(zmtp.message(b"fork", b"", request("fork_and_exit", [])))
            for number in range(20, 40):
                session.send(zmtp.message(b"%d" % number, b"", request("echo", [number])))
            answers = [session.read_message() for _ in range(41)]
            expected = [b"%d" % number for number in range(40)]
            expected.insert(20, b"fork")
            assert [call for call, _, _ in answers] == expected
        # A second answer to any of them would come before this one.
        assert session.is_served()


def test_a_handler_that_comes_back_in_the_child_too_is_answered_by_the_parent(programs):
    with programs.server("php") as server, Dealer(server.endpoint) as dealer:
        for number in range(5):
            assert dealer.call("fork_and_return", []) == "the parent"
            assert dealer.call("echo", [number]) == [number]
        assert server.is_running


def test_a_child_may_be_a_server_of_its_own(programs):
    with programs.server("php") as server, Dealer(server.endpoint) as dealer:
        with killed_afterwards(dealer.call("fork_and_serve", [])) as child:
            line = server.read_line()
            assert line.startswith("listening on ")
            with Dealer(line.removeprefix("listening on ")) as other:
                for number in range(20):
                    assert other.call("whoami", []) == child
                    assert dealer.call("echo", [number]) == [number]


def test_the_parent_serves_while_a_child_lives(programs, language):
    with programs.server(language) as server, Dealer(server.endpoint) as dealer:
        with killed_afterwards(dealer.call("fork_and_stay", [])):
            for number in range(50):
                assert dealer.call("echo", [number]) == [number]
            with Dealer(server.endpoint) as fresh:
                fresh.assert_served()


def test_the_parent_serves_after_a_child_was_killed(programs, language):
    with programs.server(language) as server, Dealer(server.endpoint) as dealer:
        child = dealer.call("fork_and_stay", [])
        os.kill(child, signal.SIGKILL)
        for number in range(50):
            assert dealer.call("echo", [number]) == [number]
        with Dealer(server.endpoint) as fresh:
            fresh.assert_served()


def test_a_child_from_before_the_run_disturbs_nobody(programs):
    with programs.server("php", fork="before") as server:
        with killed_afterwards(int(server.read_line())):
            with Dealer(server.endpoint) as dealer:
                for number in range(50):
                    assert dealer.call("echo", [number]) == [number]


def is_alive(process):
    with open(f"/proc/{process}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] not in "ZX"


FREES = "its descriptors stay open in a child"


@pytest.mark.zmtp(FREES)
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_that_outlives_its_parent_keeps_neither_port_nor_peers(programs, language, end):
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    with programs.server(language, endpoint) as server, contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Session.introduced(server.endpoint)) for _ in range(5)]
        for peer in peers:
            assert peer.is_served()
        delimiter, body = peers[0].asked(b"", request("fork_and_stay", []))
        child = stack.enter_context(killed_afterwards(read(body)))
        server.send_signal(end)
        server.wait()
        for peer in peers:
            assert peer.is_ended()
        with programs.server(language, server.endpoint) as successor:
            assert successor.endpoint == server.endpoint
            with Dealer(successor.endpoint) as dealer:
                assert dealer.ask(GOOD) == GOOD_ANSWER
        assert is_alive(child)


@pytest.mark.zmtp(FREES)
def test_a_connection_that_the_parent_ends_ends_though_a_child_lives(programs, language):
    with programs.server(language) as server, Session.introduced(server.endpoint) as good:
        with Session.introduced(server.endpoint) as session:
            _, body = good.asked(b"", request("fork_and_stay", []))
            with killed_afterwards(read(body)):
                # Nothing is that large: the server ends the connection.
                session.send(b"\x02" + b"\xff" * 8)
                assert session.is_ended()
                assert good.is_served()


@pytest.mark.zmtp(FREES)
def test_a_child_has_no_descriptor_of_the_servers_sockets(programs, language):
    with programs.server(language) as server, Session.introduced(server.endpoint) as session:
        _, body = session.asked(b"", request("fork_and_stay", []))
        with killed_afterwards(read(body)) as child:
            wait_until(lambda: not sockets_of(child), "the child to have closed them")


@pytest.mark.zmtp(FREES)
def test_a_child_from_before_the_run_does_not_keep_the_port(programs):
    with programs.server("php", f"tcp://127.0.0.1:{free_port()}", fork="before") as server:
        with killed_afterwards(int(server.read_line())) as child:
            server.send_signal(signal.SIGKILL)
            server.wait()
            with programs.server("php", server.endpoint) as successor:
                with Dealer(successor.endpoint) as dealer:
                    dealer.assert_served()
            assert is_alive(child)
