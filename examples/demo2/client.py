import sys

import zmq

socket = zmq.Context().socket(zmq.REQ)
socket.connect(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5555")

# What would happen if the server goes alive only after this? Start it later and see.
socket.send(b"hello")
print("sent hello", flush=True)

print(socket.recv())
