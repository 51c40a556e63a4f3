import sys

import msgpack
import zmq

socket = zmq.Context().socket(zmq.REQ)
socket.connect(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5555")

socket.send(msgpack.packb(["hello", "world"]))
print(msgpack.unpackb(socket.recv()))
