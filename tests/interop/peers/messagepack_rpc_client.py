"""Clients of msgpack-rpc-python that do what they are told on stdin, as zerorpc_client.py does."""

import json
import sys

import msgpackrpc
from msgpackrpc.error import RPCError, TimeoutError

import messagepack_rpc_frames as frames

clients = {}


def client(endpoint, timeout=30):
    if endpoint not in clients:
        clients[endpoint] = msgpackrpc.Client(endpoint, loop=frames.Loop(), builder=frames)
    # The package has one for all calls of a client.
    clients[endpoint]._timeout = timeout
    return clients[endpoint]


def outcome(future):
    try:
        return {"answer": future.get()}
    except TimeoutError as error:
        return {"timeout": str(error)}
    except RPCError as error:
        return {"fault": error.args[0]}


def call(function, arguments=(), **order):
    return outcome(client(**order).call_async(function, *arguments))


def notify(function, arguments=(), **order):
    client(**order).notify(function, *arguments)
    return {}


def calls(calls, **order):
    """All in flight at once; which one was answered when is the server's affair."""
    at = client(**order)
    arrived = []
    futures = [at.call_async(function, *arguments) for function, arguments in calls]
    for number, future in enumerate(futures):
        future.attach_callback(lambda _, number=number: arrived.append(number))
    return {"outcomes": [outcome(future) for future in futures], "arrived": arrived}


def crowd(endpoint, clients, each):
    """So many clients, each of which has calls in flight and looks at every answer."""
    loop = frames.Loop()
    sessions = [msgpackrpc.Client(endpoint, timeout=60, loop=loop, builder=frames) for _ in range(clients)]
    wrong = []
    for start in range(0, each, 10):
        asked = [
            (at.call_async("echo", value, i), [value, i])
            for number, at in enumerate(sessions)
            for i in range(start, min(start + 10, each))
            for value in [f"MessagePack-RPC {number} {i}"]
        ]
        wrong += [repr(told) for future, value in asked if (told := outcome(future)) != {"answer": value}]
    for session in sessions:
        session.close()
    return {"right": clients * each - len(wrong), "wrong": wrong[:5]}


ORDERS = {"call": call, "notify": notify, "calls": calls, "crowd": crowd}

for line in sys.stdin:
    order = json.loads(line)
    number = order.pop("number")
    print(json.dumps({"number": number, **ORDERS[order.pop("do")](**order)}, default=repr), flush=True)
