"""A REQ client: sends the body that each line holds in hexadecimal, prints the answer's frames."""

import sys

import zmq

socket = zmq.Context().socket(zmq.REQ)
socket.linger = 0
socket.rcvtimeo = 20_000
socket.connect(sys.argv[1])

for line in sys.stdin:
    socket.send(bytes.fromhex(line.strip()))
    print(*(frame.hex() for frame in socket.recv_multipart()))
