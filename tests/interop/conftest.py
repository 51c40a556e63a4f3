"""What the tests share: the library under test, and servers made with it.

`ZROUTE_LIBRARY` names libzroute.so or its folder; without it target/release is
taken. `PHP` and `CC` name another php or compiler. `ZROUTE_TRANSPORT` chooses the
transport of all servers and clients: `zmtp`, which is the default, or `libzmq`.
"""

import fcntl
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

import packaged_peers
import sharing
from consul_agent import Consul
from plain import Dealer
from processes import PATIENCE, Process, wait_until
from programs import ROOT, TRANSPORT, Programs, free_port, seed_script
from pyzmq_peers import Pyzmq
from serving import of_all_dialects, shared_by_tests
from zmtp import connect

LANGUAGES = ["php", "c"]


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    library = Path(os.environ.get("ZROUTE_LIBRARY") or ROOT / "target/release").absolute()
    if library.is_dir():
        library /= "libzroute.so"
    assert library.is_file(), f"{library} is missing: run 'make build', or set ZROUTE_LIBRARY"
    return Programs(library, tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module")
def alone():
    """For tests that need most of the machine: the same of another run waits."""
    (ROOT / "build").mkdir(exist_ok=True)
    with open(ROOT / "build/alone.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture(scope="module")
def server(programs, language):
    """One server for all tests of a file, which has to outlive them all."""
    with programs.server(language) as server:
        yield server
        assert server.is_running, f"the server has ended: {server}"


@pytest.fixture
def dealer(server):
    """A peer of the server; afterwards the server has to serve it still."""
    with Dealer(server.endpoint) as dealer:
        yield dealer
        dealer.assert_served()


DIALECT_SERVERS = ["zerorpc"] if os.environ.get("DIALECTS_REFERENCE") else ["php", "c", "serve"]


@pytest.fixture(scope="module", params=DIALECT_SERVERS)
def served(request, programs):
    """A server of all dialects: in PHP, in C and `zroute serve`.

    With DIALECTS_REFERENCE in the environment it is zerorpc-python's, to see that what
    the tests ask for is what zerorpc does. A test that it cannot pass is marked `ours`.
    """
    kind = request.param
    is_reference = kind == "zerorpc"
    server = packaged_peers.zerorpc_python_server() if is_reference else of_all_dialects(programs, kind)
    with shared_by_tests(server, kind):
        yield server


@pytest.fixture(autouse=True)
def _not_of_the_reference(request):
    if mark := request.node.get_closest_marker("ours"):
        if os.environ.get("DIALECTS_REFERENCE"):
            pytest.skip(f"ours alone: {mark.args[0]}")


@pytest.fixture(scope="session")
def zerorpc_python():
    with packaged_peers.zerorpc_python() as peer:
        yield peer


@pytest.fixture(scope="session")
def zerorpc_node():
    with packaged_peers.zerorpc_node() as peer:
        yield peer


@pytest.fixture(scope="session", params=["python", "node"])
def zerorpc_peer(request):
    """Clients of zerorpc, Python's and Node's."""
    return request.getfixturevalue(f"zerorpc_{request.param}")


@pytest.fixture(scope="session")
def messagepack_rpc():
    with packaged_peers.messagepack_rpc() as peer:
        yield peer


@pytest.fixture
def consul():
    """A real one, of this test alone."""
    with Consul() as consul:
        yield consul


@pytest.fixture
def seed_server(programs, tmp_path):
    """The seed's server on the two compiled extensions."""
    port = free_port()
    script = seed_script("server.php", port, tmp_path)
    with Process([*programs.php_with_extensions, script]) as server:
        server.endpoint = f"tcp://127.0.0.1:{port}"

        def listens():
            assert server.is_running, server
            try:
                connect(server.endpoint, PATIENCE).close()
            except ConnectionRefusedError:
                return False
            return True

        wait_until(listens, "the seed's server")
        yield server


@pytest.fixture(scope="session")
def newer_pyzmq():
    """pyzmq's own wheel, whose libzmq is newer than the system's."""
    return Pyzmq.newer()


@pytest.fixture(scope="session", params=["system", "newer"])
def pyzmq(request):
    """Sockets of either libzmq, each in a process of its own."""
    if request.param == "system":
        return Pyzmq.system()
    return request.getfixturevalue("newer_pyzmq")


REMARKS = pytest.StashKey()


@pytest.fixture(scope="session")
def remarks(request):
    """Lines for the end of the report: what was measured, and is no pass or fail."""
    return request.config.stash[REMARKS]


def pytest_configure(config):
    if TRANSPORT not in ("zmtp", "libzmq"):
        raise pytest.UsageError(f"ZROUTE_TRANSPORT is zmtp or libzmq, not {TRANSPORT!r}")
    config.addinivalue_line(
        "markers", "zmtp(why): a promise of the zmtp transport alone; why libzmq does not keep it"
    )
    config.addinivalue_line(
        "markers", "ours(why): a promise of our servers alone; why zerorpc's own does not keep it"
    )
    config.stash[REMARKS] = []
    config.pluginmanager.register(sharing)
    set_hypothesis_home_dir(ROOT / "build/hypothesis")
    settings.register_profile(
        "interop",
        max_examples=300,
        deadline=None,
        database=None,
        derandomize=True,
        # All examples of a test go to one server on purpose.
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    settings.load_profile("interop")


def pytest_report_header():
    return f"transport: {TRANSPORT}"


def pytest_collection_modifyitems(items):
    if TRANSPORT == "libzmq":
        for item in items:
            if promise := item.get_closest_marker("zmtp"):
                item.add_marker(pytest.mark.skip(reason=f"zmtp alone: {promise.args[0]}"))


def pytest_terminal_summary(terminalreporter, config):
    for what, sign in [("beside other implementations", "build/peers"), ("against a real Consul", "No Consul")]:
        skipped = terminalreporter.stats.get("skipped", [])
        if unseen := [report for report in skipped if sign in str(report.longrepr)]:
            terminalreporter.section("NOT TESTED", red=True)
            terminalreporter.write_line(f"{len(unseen)} tests {what}: {unseen[0].longrepr[2]}")
    if config.stash[REMARKS]:
        terminalreporter.section("measured")
        for remark in config.stash[REMARKS]:
            terminalreporter.write_line(remark)
