"""A server whose callers say what it answers.

The parameters are the body frames of the answer. `hold` keeps a call until
`release` comes; then the kept calls are answered, the latest first, each of
them twice, and an answer to nobody is sent.
"""

import msgpack
import zmq

socket = zmq.Context().socket(zmq.ROUTER)
socket.linger = 0
port = socket.bind_to_random_port("tcp://127.0.0.1")
print(f"tcp://127.0.0.1:{port}")

held = []
while True:
    *envelope, body = socket.recv_multipart()
    request = msgpack.unpackb(body, raw=True)
    name, frames = request[b"function_name"], request[b"parameters"]
    if name == b"hold":
        held.append((envelope, frames))
        continue
    if name == b"release":
        for kept, answer in reversed(held):
            socket.send_multipart(kept + answer)
            socket.send_multipart(kept + answer)
        held = []
        socket.send_multipart([envelope[0], b"\x01" * 8, b"", b"\xc0"])
        socket.send_multipart([envelope[0], b"no id", b"", b"\xc0"])
    socket.send_multipart(envelope + frames)
