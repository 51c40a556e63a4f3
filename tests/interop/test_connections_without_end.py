"""Thousands of connections that come and go, too few descriptors, peers that never read."""

import contextlib
import select
import signal
import socket

import pytest

import zmtp
from callers import served_all_the_time
from plain import Dealer, read, request
from processes import PATIENCE, wait_until
from programs import free_port
from zmtp import Session

pytestmark = pytest.mark.usefixtures("alone")

CONNECTIONS = 5000
WAVE = 250


def come_and_go(endpoint, number):
    """One connection; how it behaves goes by its number. Returns it while it is open."""
    session = Session(endpoint)
    manner = number % 5
    if manner == 0:
        return session
    session.send(zmtp.greeting(version=(3, 1)))
    if manner == 1:
        return session
    session.send(zmtp.ready(b"REQ"))
    session.expect_ready()
    if manner == 2:
        return session
    session.send(zmtp.message(b"", request("echo", [number])))
    if manner == 3:
        return session
    delimiter, body = session.read_message()
    assert (delimiter, read(body)) == (b"", [number])
    return session


def test_thousands_of_connections_come_and_go_while_a_client_is_served(
    programs, language, remarks
):
    with programs.server(language) as server, served_all_the_time(server) as caller:
        sockets, memory = server.sockets, None
        for first in range(0, CONNECTIONS, WAVE):
            wave = [come_and_go(server.endpoint, first + number) for number in range(WAVE)]
            caller.wait_for_answers(5)
            for number, session in enumerate(wave):
                if number % 2:
                    session.reset()
                else:
                    session.socket.close()
            if memory is None:
                server.wait_for_sockets(sockets)
                memory = server.memory
        server.wait_for_sockets(sockets)
        grown = server.memory - memory
        assert grown < 32 << 20
        remarks.append(
            f"{CONNECTIONS} connections of the {language} server came and went: it grew by "
            f"{grown >> 10} KiB after the first {WAVE}, a client beside them made "
            f"{caller.answered} calls"
        )


DESCRIPTORS = 64
TOO_MANY = 200


@contextlib.contextmanager
def starved(server):
    """More connections than the server has descriptors for."""
    with contextlib.ExitStack() as stack:
        sessions = []
        for _ in range(TOO_MANY):
            session = stack.enter_context(Session(server.endpoint))
            session.send(zmtp.greeting(version=(3, 1)) + zmtp.ready(b"REQ"))
            sessions.append(session)
        wait_until(lambda: server.descriptors >= DESCRIPTORS - 2, "the server to be full")
        yield sessions


def test_without_descriptors_who_is_connected_is_served_and_others_are_later(programs, language):
    options = {"descriptors": DESCRIPTORS, "handshake_ms": 60_000}
    with programs.server(language, **options) as server, served_all_the_time(server) as caller:
        before = server.sockets
        for _ in range(3):
            with starved(server):
                caller.wait_for_answers(100)
            # Those who waited in the kernel are taken now, and seen to have left.
            server.wait_for_sockets(before)
            with Dealer(server.endpoint) as fresh:
                fresh.assert_served()
            server.wait_for_sockets(before)


def test_who_waits_for_a_descriptor_is_served_when_one_comes_free(programs, language):
    options = {"descriptors": DESCRIPTORS, "handshake_ms": 60_000}
    with programs.server(language, **options) as server, Dealer(server.endpoint) as dealer:
        dealer.assert_served()
        with starved(server) as sessions:
            # One leaves and its place is taken, until all have been served.
            for session in sessions:
                assert session.socket.fileno() >= 0
                session.expect_ready()
                assert session.is_served()
                session.socket.close()
        dealer.assert_served()


@pytest.mark.zmtp("its thread spins while it cannot accept")
def test_without_descriptors_the_server_does_not_spin(programs, language, remarks):
    options = {"descriptors": DESCRIPTORS, "handshake_ms": 60_000}
    with programs.server(language, **options) as server, Dealer(server.endpoint) as dealer:
        dealer.assert_served()
        with starved(server):
            began = server.cpu_seconds
            # Nothing arrives in these seconds.
            seconds = 2
            select.select([], [], [], seconds)
            share = (server.cpu_seconds - began) / seconds
            remarks.append(
                f"the {language} server without a descriptor for {TOO_MANY - DESCRIPTORS} "
                f"connections uses {share:.0%} of a processor"
            )
            assert share < 0.5
            dealer.assert_served()


def flood(connection, data, most, patience=2):
    """Sends the bytes again and again until the other end takes no more; returns how many went."""
    connection.setblocking(False)
    sent = 0
    pending = memoryview(b"")
    while sent < most and select.select([], [connection], [], patience)[1]:
        pending = pending or memoryview(data)
        with contextlib.suppress(BlockingIOError):
            taken = connection.send(pending)
            pending = pending[taken:]
            sent += taken
    return sent


@pytest.mark.zmtp("it keeps a thousand messages a peer, whatever their size")
def test_a_peer_that_never_reads_its_large_answers_costs_a_bounded_amount(
    programs, language, remarks
):
    with programs.server(language) as server, served_all_the_time(server) as caller:
        deaf = Session(server.endpoint)
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.send(zmtp.greeting(version=(3, 1)) + zmtp.ready(b"DEALER"))
        deaf.expect_ready()
        with deaf:
            call = zmtp.message(b"", request("echo", "x" * (1 << 20)))
            try:
                sent = flood(deaf.socket, call, 600 << 20)
            except (ConnectionResetError, BrokenPipeError):
                sent = None
            caller.wait_for_answers(100)
            memory = server.memory
        went = "calls until it was let go" if sent is None else f"{sent >> 20} MiB of calls"
        remarks.append(
            f"a peer that never reads sent {went}: the {language} server has {memory >> 20} MiB"
        )
        assert memory < 250 << 20
        caller.wait_for_answers(100)


@pytest.mark.zmtp("it keeps a thousand messages a peer, whatever their size")
def test_many_peers_that_never_read_cost_a_bounded_amount_together(programs, language):
    with programs.server(language) as server, served_all_the_time(server) as caller:
        with contextlib.ExitStack() as stack:
            call = zmtp.message(b"", request("echo", "x" * (1 << 20)))
            for _ in range(20):
                deaf = stack.enter_context(Session.introduced(server.endpoint))
                with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                    flood(deaf.socket, call, 30 << 20, 0.3)
            caller.wait_for_answers(100)
            # What one peer may hold up all may, together; a little more is each one's own.
            assert server.memory < 300 << 20
        caller.wait_for_answers(100)


def test_a_client_that_is_killed_disturbs_nobody(programs, language):
    with programs.server(language) as server, served_all_the_time(server) as caller:
        before = server.sockets
        for _ in range(5):
            with programs.client(language, server.endpoint) as client:
                assert client.call("plus", [1, 2]) == ["answer", 3]
                client.begin([("echo", "x" * 100_000)] * 50)
                client.send_signal(signal.SIGKILL)
                client.wait()
            caller.wait_for_answers(20)
        server.wait_for_sockets(before)


def test_the_next_call_after_a_restart_is_answered(programs, language):
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(programs.server(language, f"tcp://127.0.0.1:{free_port()}"))
        client = stack.enter_context(
            programs.client(language, server.endpoint, reconnect_ms=10, reconnect_max_ms=100)
        )
        for number in range(5):
            assert client.call("echo", number) == ["answer", number]
            server.send_signal(signal.SIGKILL)
            server.wait()
            client.wait_for_loss(server.endpoint)
            server = stack.enter_context(programs.server(language, server.endpoint))
            # The client has not looked at its connection since: this call is the first to notice.
            assert client.call("echo", [number], PATIENCE * 1000 - 5000) == ["answer", [number]]


def test_a_call_without_a_server_waits_for_one(programs, language):
    with programs.server(language, f"tcp://127.0.0.1:{free_port()}") as server, programs.client(
        language, server.endpoint, reconnect_ms=10, reconnect_max_ms=100
    ) as client:
        assert client.call("plus", [1, 2]) == ["answer", 3]
        server.send_signal(signal.SIGKILL)
        server.wait()
        client.wait_for_loss(server.endpoint)
        client.begin([("echo", "while nobody listens")])
        with programs.server(language, server.endpoint):
            assert client.results() == [["answer", "while nobody listens"]]
