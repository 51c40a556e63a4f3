"""zerorpc's events as a peer writes them by hand, whatever a real one would send."""

import msgpack
import zmq

from plain import Peer


class Channel:
    """One call on a socket of its own."""

    def __init__(self, endpoint, function, *args, **header):
        self.peer = Peer(zmq.DEALER, endpoint)
        self._say({"message_id": b"call", "v": 3, **header}, function, args)

    def __enter__(self):
        self.peer.__enter__()
        return self

    def __exit__(self, *reason):
        self.peer.__exit__(*reason)

    def _say(self, header, name, args):
        self.peer.send(b"", msgpack.packb([header, name, args]))

    def say(self, name, *args):
        self._say({"message_id": b"said", "v": 3, "response_to": b"call"}, name, args)

    def more(self, count):
        self.say("_zpc_more", count)

    def event(self, heartbeats=False):
        """Name and args of the next event."""
        while True:
            delimiter, body = self.peer.receive()
            header, name, args = msgpack.unpackb(body)
            assert (delimiter, header["response_to"], header["v"]) == (b"", b"call", 3)
            if heartbeats or name != "_zpc_hb":
                return name, args
            self.say("_zpc_hb", 0)
