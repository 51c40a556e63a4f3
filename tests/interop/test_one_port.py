"""All dialects on one port at the same time, each by clients that others made."""

import threading

import pytest
import zmq

from plain import Peer, request
from plain import read as value_of
from processes import PATIENCE

CLIENTS = 10
EACH = 250


class SeedClients(threading.Thread):
    """The seed's client, so many times: a REQ socket, a map, and the bare value."""

    def __init__(self, endpoint):
        super().__init__(daemon=True)
        self._endpoint = endpoint
        self.right = 0
        self.wrong = []

    def run(self):
        try:
            clients = [Peer(zmq.REQ, self._endpoint) for _ in range(CLIENTS)]
            for i in range(EACH):
                for number, client in enumerate(clients):
                    client.send(request("echo", [f"seed {number} {i}", i]))
                for number, client in enumerate(clients):
                    (body,) = client.receive()
                    if value_of(body) == [f"seed {number} {i}", i]:
                        self.right += 1
                    else:
                        self.wrong.append(body)
            for client in clients:
                client.__exit__()
        # Whatever it is, the test has to hear of it.
        except BaseException as error:  # noqa: BLE001
            self.wrong.append(error)


@pytest.mark.ours("it has one dialect")
def test_ten_clients_of_each_dialect_make_ten_thousand_calls(served, zerorpc_python, zerorpc_node, messagepack_rpc):
    seed = SeedClients(served.endpoint)
    seed.start()
    peers = [zerorpc_python, zerorpc_node, messagepack_rpc]
    orders = [peer.begin("crowd", served, clients=CLIENTS, each=EACH) for peer in peers]
    for peer, order in zip(peers, orders):
        told = peer.finish(order, 4 * PATIENCE)
        assert told == {"right": CLIENTS * EACH, "wrong": []}, peer
    seed.join(PATIENCE)
    assert (seed.right, seed.wrong) == (CLIENTS * EACH, [])
