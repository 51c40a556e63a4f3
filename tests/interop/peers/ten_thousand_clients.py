"""Many clients at once, in one process: `ten_thousand_clients.py SERVER COUNT`.

Each is a REQ peer that speaks ZMTP on a TCP socket of its own. All of them
connect; when all are connected, each calls echo() with its own number. Prints
one line of JSON.
"""

import json
import os
import selectors
import socket
import sys
import time

import msgpack

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import zmtp  # noqa: E402

PATIENCE = 100
WAVE = 100


class Client:
    def __init__(self, number, address):
        self.number = number
        self.messages = zmtp.Messages()
        self.ready = False
        self.answer = None
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(address)

    def introduce(self):
        self.socket.sendall(zmtp.GREETING + zmtp.ready(b"REQ"))

    def call(self):
        body = msgpack.packb({"function_name": "echo", "parameters": [self.number]})
        self.socket.sendall(zmtp.message(b"", body))

    def read(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError(f"the server closed connection {self.number}")
        for message in self.messages.feed(data):
            if message[0].startswith(b"\x05READY"):
                self.ready = True
            else:
                delimiter, body = message
                assert delimiter == b"", message
                self.answer = msgpack.unpackb(body)


def until(done, selector, count, deadline):
    """Reads for all clients until as many as `count` satisfy `done`."""
    satisfied = 0
    while satisfied < count:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        for key, events in selector.select(left):
            client = key.data
            if events & selectors.EVENT_WRITE:
                client.introduce()
                selector.modify(client.socket, selectors.EVENT_READ, client)
                continue
            before = done(client)
            client.read()
            satisfied += done(client) and not before
    return satisfied


def main():
    host, port = sys.argv[1].removeprefix("tcp://").rsplit(":", 1)
    count = int(sys.argv[2])
    deadline = time.monotonic() + PATIENCE
    selector = selectors.DefaultSelector()
    began = time.monotonic()
    clients = []
    connected = 0
    # A server gives each 5 s to introduce itself, and a busy machine takes longer for all.
    for first in range(0, count, WAVE):
        wave = [Client(number, (host, int(port))) for number in range(first, min(first + WAVE, count))]
        for client in wave:
            selector.register(client.socket, selectors.EVENT_WRITE, client)
        clients += wave
        connected += until(lambda client: client.ready, selector, len(wave), deadline)
    all_connected = time.monotonic()
    for client in clients:
        client.call()
    until(lambda client: client.answer is not None, selector, count, deadline)
    print(
        json.dumps(
            {
                "connected": connected,
                "answered": sum(client.answer == [client.number] for client in clients),
                "connect_seconds": round(all_connected - began, 2),
                "answer_seconds": round(time.monotonic() - all_connected, 2),
            }
        )
    )


main()
