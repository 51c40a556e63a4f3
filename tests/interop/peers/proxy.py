"""A ROUTER and a DEALER back to back before the server: `proxy.py SERVER`."""

import sys

import zmq

context = zmq.Context()
front = context.socket(zmq.ROUTER)
port = front.bind_to_random_port("tcp://127.0.0.1")
back = context.socket(zmq.DEALER)
back.connect(sys.argv[1])
print(f"listening on tcp://127.0.0.1:{port}", flush=True)
zmq.proxy(front, back)
