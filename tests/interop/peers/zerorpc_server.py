"""A server of zerorpc-python with the functions that the tests call: `zerorpc_server.py ENDPOINT [heartbeat=SECONDS]`."""

import logging
import sys

import gevent
import zerorpc


class NoMoney(Exception):
    pass


class Functions:
    def plus(self, *numbers):
        """The sum of its arguments."""
        return sum(numbers)

    def echo(self, *arguments):
        return list(arguments)

    def area(self, width, height=1):
        return width * height

    def nap(self, milliseconds):
        gevent.sleep(milliseconds / 1000)
        return milliseconds

    def fail(self, *_):
        raise NoMoney("the account holds 3 €")

    def origin(self):
        return {"dialect": "zerorpc", "meta": kept.header}

    @zerorpc.stream
    def count(self, number):
        return iter(range(number))

    @zerorpc.stream
    def endless(self, note):
        """Notes in a file that it was ended."""
        number = 0
        try:
            while True:
                yield number
                number += 1
        finally:
            with open(note, "a", encoding="utf-8") as file:
                file.write("ended\n")

    @zerorpc.stream
    def stumble(self, number):
        yield from range(number)
        raise NoMoney("the account holds 3 €")


class Kept:
    """The header of the last call."""

    header = {}

    def load_task_context(self, header):
        self.header = {key: value for key, value in header.items() if key not in ("message_id", "v")}


# Its own tracebacks are of no interest.
logging.disable()
kept = Kept()
options = dict(argument.split("=") for argument in sys.argv[2:])
zerorpc.Context.get_instance().register_middleware(kept)
server = zerorpc.Server(Functions(), name="zroute", heartbeat=float(options.get("heartbeat", 5)))
server.bind(sys.argv[1])
print("listening on", server._events._socket.getsockopt(zerorpc.zmq.LAST_ENDPOINT).decode().rstrip("\0"), flush=True)
server.run()
