"""Clients of zerorpc-python that do what they are told on stdin: a line of JSON an order, a line an answer.

    {"do": "call", "endpoint": …, "function": …, "arguments": […], "timeout": 30}
    {"do": "stream", …, "take": 5, "then": "leave" or "hold"}
    {"do": "crowd", "endpoint": …, "clients": 10, "each": 100}

Each has a number, which its answer has too. Orders are carried out beside each other.
"""

import json
import sys

import gevent
import gevent.fileobject
import zerorpc

OUTPUT = sys.stdout
held = []


def end_of(error):
    """How a call ended that did not end with an answer."""
    if isinstance(error, zerorpc.RemoteError):
        return {"fault": [error.name, error.msg, error.traceback]}
    if isinstance(error, zerorpc.TimeoutExpired):
        return {"timeout": str(error)}
    if isinstance(error, zerorpc.LostRemote):
        return {"lost": str(error)}
    return {"broken": repr(error)}


clients = {}


def client(endpoint, **_):
    """The calls of one endpoint share a client, as a program's do."""
    if endpoint not in clients:
        clients[endpoint] = zerorpc.Client(endpoint)
    return clients[endpoint]


def call(function, arguments=(), timeout=30, header=None, **order):
    at = client(**order)
    if header:
        at._context.hook_get_task_context = lambda: dict(header)
    try:
        return {"answer": at(function, *arguments, timeout=timeout)}
    except Exception as error:
        return end_of(error)
    finally:
        if header:
            del at._context.hook_get_task_context


def stream(function, arguments=(), timeout=30, take=None, then="leave", **order):
    """Tells how many items came, how many of them were their own number, and how it ended."""
    told = {"items": 0, "in_order": 0, "last": None}
    try:
        items = client(**order)(function, *arguments, timeout=timeout)
        if not hasattr(items, "__next__"):
            return {"answer": items}
        for item in items:
            told["in_order"] += item == told["items"]
            told["items"] += 1
            told["last"] = item
            if told["items"] == take:
                if then == "hold":
                    held.append(items)
                return told
    except Exception as error:
        told.update(end_of(error))
    return told


def crowd(endpoint, clients, each):
    """So many clients, each of which makes calls and looks at every answer."""
    wrong = []

    def calls(number):
        at = zerorpc.Client(endpoint, timeout=60)
        for i in range(each):
            value = f"python {number} {i}"
            try:
                if i % 10 == 9:
                    numbers = list(at("count", 20))
                    if numbers != list(range(20)):
                        wrong.append(repr(numbers))
                elif at("echo", value, i) != [value, i]:
                    wrong.append(value)
            except Exception as error:
                wrong.append(f"{value}: {error!r}")
        at.close()

    gevent.joinall([gevent.spawn(calls, number) for number in range(clients)])
    return {"right": clients * each - len(wrong), "wrong": wrong[:5]}


ORDERS = {"call": call, "stream": stream, "crowd": crowd}


def carry_out(order):
    number = order.pop("number")
    told = ORDERS[order.pop("do")](**order)
    OUTPUT.write(json.dumps({"number": number, **told}, default=repr) + "\n")
    OUTPUT.flush()


# Not through a thread: the heartbeats go on while nothing is read.
for line in gevent.fileobject.FileObject(sys.stdin, "rb"):
    gevent.spawn(carry_out, json.loads(line))
