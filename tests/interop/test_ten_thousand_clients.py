"""Ten thousand clients at once, each with a connection of its own."""

import json
import resource

import pytest

from plain import Dealer
from processes import PATIENCE, Process
from programs import python

pytestmark = pytest.mark.usefixtures("alone")

COUNT = 10_000


def test_ten_thousand_connected_clients_each_get_their_answer(language, server, remarks):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert most > COUNT + 200, f"this test needs `ulimit -Hn` above {COUNT + 200}, it is {most}"
    with Process(python("ten_thousand_clients.py", server.endpoint, COUNT)) as clients:
        output = clients.read_all(4 * PATIENCE)
        assert output, clients
        report = json.loads(output)
    assert (report["connected"], report["answered"]) == (COUNT, COUNT), report
    remarks.append(
        f"{COUNT} clients of the {language} server: connected in {report['connect_seconds']} s, "
        f"then all answered in {report['answer_seconds']} s"
    )
    with Dealer(server.endpoint) as dealer:
        dealer.assert_served()
