import zmq
import msgpack

ctx = zmq.Context()
socket = ctx.socket(zmq.REQ)
socket.connect("tcp://127.0.0.1:5555")

data = {}
data['function_name'] = 'plus'
data['parameters'] =  [1, 2, 2,3,3,4,2,3,-1]

socket.send(msgpack.packb(data))
answer = socket.recv()

print(msgpack.unpackb(answer))
