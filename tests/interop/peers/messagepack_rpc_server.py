"""A server of msgpack-rpc-python with functions that the tests call: `messagepack_rpc_server.py ENDPOINT`."""

import sys

import msgpackrpc

import messagepack_rpc_frames as frames


class Functions:
    def __init__(self):
        self._kept = []
        self.heard = []

    def plus(self, *numbers):
        return sum(numbers)

    def echo(self, *arguments):
        return list(arguments)

    def fail(self, *_):
        raise LookupError("the account holds 3 €")

    def keep(self, *_):
        """Answered by release(), so that answers come out of order."""
        later = msgpackrpc.server.AsyncResult()
        self._kept.append(later)
        return later

    def release(self, *_):
        kept, self._kept = self._kept, []
        for number, later in enumerate(reversed(kept)):
            later.set_result(number)
        return len(kept)

    def note(self, value):
        self.heard.append(value)

    def noted(self, *_):
        return self.heard


server = msgpackrpc.Server(Functions(), loop=frames.Loop(), builder=frames)
server.listen(sys.argv[1])
print("listening on", server._listeners[0].endpoint, flush=True)
server.start()
