import sys

import msgpack
import zmq

socket = zmq.Context().socket(zmq.REQ)
socket.connect(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5555")

request = {"function_name": "plus", "parameters": [1, 2, 2, 3, 3, 4, 2, 3, -1]}
socket.send(msgpack.packb(request))
print(msgpack.unpackb(socket.recv()))
