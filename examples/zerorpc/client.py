"""Calls server.php with zerorpc for Python: `pip install zerorpc`."""

import sys

import zerorpc

client = zerorpc.Client(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:4242")

print(client.hello("Python"))
for square in client.squares(1, 5):
    print(square)
try:
    client.goodbye()
except zerorpc.RemoteError as error:
    print(f"{error.name}: {error.msg}")
client.close()
