#!/usr/bin/env python3
"""Records good sessions of libzmq's peers, and of others that speak MessagePack-RPC
and zerorpc, as first inputs of the fuzz targets.

    packaging/require-peers && fuzz/record.py   # writes corpus/server and corpus/client anew

A relay between a libzmq client and a libzmq server notes who sent what; the
client's bytes become steps of the target `server`, the server's bytes steps of
the target `client`. The form of the steps is described in src/lib.rs.
"""

import pathlib
import socket
import struct
import sys
import threading
import types

import msgpack
import zmq
import zmq.auth.thread

FUZZ = pathlib.Path(__file__).resolve().parent
CORPUS = FUZZ / "corpus"
sys.path.insert(0, str(FUZZ.parent / "tests/interop"))
import packaged_peers  # noqa: E402
HELLO = b"\xa5hello"
PLAIN = 1
LARGEST = 0xFFFF

# How the target `client` is told its dialect.
MESSAGEPACK_RPC, ZERORPC = 1 << 2, 2 << 2

SEND, SEND_AND_SERVE, TOGETHER_WITH_ENVELOPE, ANSWER = 0, 1, 10, 13
HEAR, ACCEPT, SUBMIT, HEAR_REQUEST, STREAM, SERVE = 8, 8, 11, 12, 14, 15


def keep(target, name, steps):
    """As an input. Where the peers stood is nobody's business: a traceback names it."""
    place = bytes(FUZZ.parent)
    (CORPUS / target / name).write_bytes(steps.replace(place, b"/" + b"x" * (len(place) - 1)))


def step(kind, data=b""):
    return bytes([kind]) + struct.pack(">H", len(data)) + data


class Relay(threading.Thread):
    """Passes bytes between one client and the server, and notes them."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.said = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "tcp://127.0.0.1:%d" % self.listener.getsockname()[1]

    def run(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.port))
        back = threading.Thread(target=self.pump, args=(server, client, "server"), daemon=True)
        back.start()
        self.pump(client, server, "client")
        back.join()
        self.listener.close()

    def pump(self, source, target, name):
        try:
            while data := source.recv(1 << 20):
                self.said.append((name, data))
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def session(kind, use, plain=False, options=(), server_options=()):
    """What both sides of one session said."""
    context = zmq.Context()
    authenticator = None
    server = context.socket(zmq.ROUTER)
    client = context.socket(kind)
    for each in (client, server):
        each.linger = 0
        each.rcvtimeo = each.sndtimeo = 5000
    if plain:
        authenticator = zmq.auth.thread.ThreadAuthenticator(context)
        authenticator.start()
        authenticator.configure_plain(domain="*", passwords={"name": "secret"})
        server.plain_server = True
        client.plain_username, client.plain_password = b"name", b"secret"
    for each, settings in ((client, options), (server, server_options)):
        for name, value in settings:
            each.setsockopt(name, value)
    port = server.bind_to_random_port("tcp://127.0.0.1")
    relay = Relay(port)
    relay.start()
    client.connect(relay.address)
    use(client, server, relay)
    client.close()
    relay.join(5)
    server.close()
    if authenticator:
        authenticator.stop()
    context.term()
    return relay.said


def echo(server):
    server.send_multipart(server.recv_multipart())


def asks(*bodies):
    def use(client, server, _):
        for body in bodies:
            if client.socket_type == zmq.REQ:
                client.send(body)
            else:
                client.send_multipart([b"12345678", b"", body])
            echo(server)
            client.recv_multipart()

    return use


def asks_in_a_row(client, server, _):
    for number in range(20):
        client.send_multipart([struct.pack(">Q", number), b"", HELLO])
    for _ in range(20):
        echo(server)
        client.recv_multipart()


def sends_many_frames(client, server, _):
    client.send_multipart([b"12345678", b""] + [b"frame"] * 100)
    echo(server)
    client.recv_multipart()


def gives_up_and_asks_again(client, server, _):
    client.send(HELLO)
    first = server.recv_multipart()
    client.send(HELLO)
    server.send_multipart(first)
    echo(server)
    client.recv()


def beats(client, server, relay):
    asks(HELLO)(client, server, relay)
    # The heartbeats are libzmq's own affair; a few of them go by.
    poller = zmq.Poller()
    poller.register(client)
    while sum(data.count(b"PING") for _, data in list(relay.said)) < 3:
        poller.poll(20)
    asks(HELLO)(client, server, relay)


HEARTBEAT = ((zmq.HEARTBEAT_IVL, 30), (zmq.HEARTBEAT_TTL, 2000))
SESSIONS = {
    "req": (zmq.REQ, asks(HELLO, b"", b"\x81\xa1a\x01"), {}),
    "dealer": (zmq.DEALER, asks_in_a_row, {}),
    "req-correlate-relaxed": (
        zmq.REQ,
        gives_up_and_asks_again,
        {"options": ((zmq.REQ_CORRELATE, 1), (zmq.REQ_RELAXED, 1))},
    ),
    "heartbeats": (zmq.DEALER, beats, {"options": HEARTBEAT, "server_options": HEARTBEAT}),
    "plain": (zmq.DEALER, asks(HELLO, HELLO), {"plain": True}),
    "long-frames": (zmq.DEALER, asks(b"large" * 60, b"\xc6\0\0\x4e\x20" + bytes(20_000)), {}),
    "frames": (zmq.DEALER, sends_many_frames, {}),
    "call": (
        zmq.REQ,
        asks(b"\x82\xadfunction_name\xa1f\xaaparameters\xc0", b"\x81\xadfunction_name\xa1g"),
        {},
    ),
}


def calls(client):
    client("call", "plus", 1, 2)
    client("call", "nope")
    client("call", "plus", 3)


def streams(client):
    client("call", "plus", 1, 2)
    # So long that its caller has to say that it takes more.
    client("stream", "count", 40)


DIALECT_SESSIONS = {
    "messagepack-rpc": (
        packaged_peers.messagepack_rpc,
        packaged_peers.messagepack_rpc_server,
        calls,
        MESSAGEPACK_RPC,
    ),
    "messagepack-rpc-notifications": (
        packaged_peers.messagepack_rpc,
        packaged_peers.messagepack_rpc_server,
        lambda client: (client("notify", "plus", 1), client("call", "plus", 1)),
        MESSAGEPACK_RPC,
    ),
    "zerorpc-python": (
        packaged_peers.zerorpc_python,
        packaged_peers.zerorpc_python_server,
        calls,
        ZERORPC,
    ),
    "zerorpc-python-stream": (
        packaged_peers.zerorpc_python,
        packaged_peers.zerorpc_python_server,
        streams,
        ZERORPC,
    ),
    "zerorpc-node-stream": (
        packaged_peers.zerorpc_node,
        packaged_peers.zerorpc_node_server,
        streams,
        ZERORPC,
    ),
}


def dialect_session(client, server, use):
    """What both sides of one session of other people's client and server said."""
    with client() as client, server() as server:
        relay = Relay(int(server.endpoint.rsplit(":", 1)[1]))
        relay.start()
        at = types.SimpleNamespace(endpoint=relay.address)
        # Node's server answers nothing that it does not know.
        use(lambda do, *order: getattr(client, do)(at, *order, **({} if do == "notify" else {"timeout": 2})))
    relay.join(5)
    return relay.said


def frames(data):
    """The frames in these bytes, each with its header; the rest is left out."""
    while len(data) > 1:
        flags = data[0]
        header, size = (9, int.from_bytes(data[1:9], "big")) if flags & 2 else (2, data[1])
        if len(data) < header + size:
            return
        yield flags, data[: header + size]
        data = data[header + size :]


def as_server_input(said, options):
    out = bytes([options])
    for name, data in said:
        if name == "client":
            for start in range(0, len(data), LARGEST):
                out += step(SEND_AND_SERVE, data[start : start + LARGEST])
            out += bytes([HEAR])
    return out


def as_client_input(said, options):
    """Commands go as they came; of an answer only what follows the envelope,
    which the target takes from the request that it answers."""
    stream = b"".join(data for name, data in said if name == "server")
    out = bytes([options, ACCEPT]) + step(SEND_AND_SERVE, stream[:64])
    envelope = True
    for flags, frame in frames(stream[64:]):
        if flags & 4:
            out += step(SEND_AND_SERVE, frame)
        elif envelope:
            # The delimiter ends it.
            envelope = frame != b"\x01\x00"
        else:
            if flags & 1:
                continue
            out += bytes([SUBMIT, SERVE, HEAR_REQUEST]) + step(TOGETHER_WITH_ENVELOPE, frame)
            envelope = True
    return out


def as_dialect_client_input(said, options):
    """Of an answer only what follows the id: the target knows those of its calls."""
    stream = b"".join(data for name, data in said if name == "server")
    out = bytes([options, ACCEPT]) + step(SEND_AND_SERVE, stream[:64])
    begins = True
    for flags, frame in frames(stream[64:]):
        body = frame[9:] if flags & 2 else frame[2:]
        if flags & 4:
            out += step(SEND_AND_SERVE, frame)
        elif not flags & 1:
            # [header, name, args] or [1, id, error, result]
            told = msgpack.unpackb(body, strict_map_key=False)
            told = told[2:] if options == MESSAGEPACK_RPC else told[1:]
            if begins:
                is_item = told[0] in ("STREAM", b"STREAM")
                out += bytes([STREAM if is_item else SUBMIT, SERVE, HEAR_REQUEST])
            out += step(ANSWER, b"".join(map(msgpack.packb, told)))
            begins = options == MESSAGEPACK_RPC or told[0] in ("OK", "ERR", "STREAM_DONE")
    return out


def main():
    for target in ("server", "client"):
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
    for name, (kind, use, settings) in SESSIONS.items():
        said = session(kind, use, **settings)
        options = PLAIN if settings.get("plain") else 0
        keep("server", name, as_server_input(said, options))
        if kind == zmq.DEALER:
            keep("client", name, as_client_input(said, options))
        print(name, sum(len(data) for _, data in said), "bytes")
    for name, (client, server, use, options) in DIALECT_SESSIONS.items():
        said = dialect_session(client, server, use)
        keep("server", name, as_server_input(said, 0))
        keep("client", name, as_dialect_client_input(said, options))
        print(name, sum(len(data) for _, data in said), "bytes")


if __name__ == "__main__":
    main()
