"""zerorpc's events as bytes, and a DEALER that sends whatever a test makes of them."""

import itertools

import msgpack
import zmq

from plain import Peer

_numbers = itertools.count(1)


def event(message_id, name, args, response_to=None, **more):
    """An event whose ids are values."""
    header = {"message_id": message_id, "v": 3, **more}
    if response_to is not None:
        header["response_to"] = response_to
    return msgpack.packb([header, name, args])


def call_under(packed_id, name, args):
    """A call whose id is these bytes."""
    return b"\x93\x82\xaamessage_id" + packed_id + b"\xa1v\x03" + msgpack.packb(name) + msgpack.packb(args)


def read(body):
    """Header, name and args of an event."""
    header, name, args = msgpack.unpackb(body, strict_map_key=False)
    assert isinstance(header, dict) and header["message_id"] and header["v"] == 3, header
    return header, name, args


class RawClient(Peer):
    """Opens channels and does nothing else on its own: it sends neither heartbeats nor credit."""

    def __init__(self, endpoint, **options):
        super().__init__(zmq.DEALER, endpoint, **options)

    def send_body(self, body):
        self.send(b"", body)

    def receive_body(self):
        delimiter, body = self.receive()
        assert delimiter == b""
        return body

    def open(self, name, *args, **header):
        """Calls, and returns the id of the channel."""
        channel = f"channel {next(_numbers)}".encode()
        self.send_body(event(channel, name, args, **header))
        return channel

    def say(self, channel, name, args):
        self.send_body(event(f"event {next(_numbers)}".encode(), name, args, response_to=channel))

    def grant(self, channel, events):
        self.say(channel, "_zpc_more", [events])

    def beat(self, channel):
        self.say(channel, "_zpc_hb", [0])

    def hear(self, *channels):
        """The next event that is no heartbeat, of one of these channels: channel, name, args."""
        while True:
            header, name, args = read(self.receive_body())
            assert header["response_to"] in channels, (header, name, args)
            if name != "_zpc_hb":
                return header["response_to"], name, args

    def hear_any(self, *channels):
        """Channel and name of the next event of these, a heartbeat too."""
        header, name, _ = read(self.receive_body())
        assert header["response_to"] in channels
        return header["response_to"], name

    def call(self, name, *args):
        """Name and args of the answer."""
        return self.hear(self.open(name, *args))[1:]

    def assert_served(self):
        assert self.call("plus", 1, 2) == ("OK", [3])
