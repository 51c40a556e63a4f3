import sys
from time import sleep

import zmq

endpoints = sys.argv[1:] or [
    "tcp://10.168.168.145:5555",
    "tcp://10.168.168.129:5555",
    "tcp://10.168.168.157:5555",
]

socket = zmq.Context().socket(zmq.REQ)
for endpoint in endpoints:
    socket.connect(endpoint)

for i in range(1000):
    socket.send_multipart([b"hello"])
    sleep(1)
    print(socket.recv_multipart(), flush=True)
