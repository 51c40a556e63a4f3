"""Packs and unpacks with Python's msgpack. Each line is a command.

`repack HEX` unpacks and packs again; `values SEED COUNT` packs random values.
"""

import random
import struct
import sys

import msgpack


def number(chance):
    bits = chance.randrange(0, 64)
    value = chance.getrandbits(bits) if bits else 0
    return value if chance.random() < 0.5 else -value - 1


def double(chance):
    while True:
        value = struct.unpack("d", struct.pack("Q", chance.getrandbits(64)))[0]
        if value == value:
            return value


def text(chance):
    return "".join(chance.choice('aZ0 ";}\n\0ä€𝄞') for _ in range(chance.randrange(40)))


def binary(chance):
    # PHP has one kind of string: what is UTF-8 comes back as text.
    return b"\xff" + chance.randbytes(chance.randrange(40))


def key(chance):
    # A text of digits alone becomes a number in PHP.
    return chance.choice([lambda: "k" + text(chance), lambda: number(chance)])()


def value(chance, levels):
    kinds = [lambda: None, lambda: chance.random() < 0.5, lambda: number(chance), lambda: double(chance)]
    kinds += [lambda: text(chance), lambda: binary(chance)]
    if levels > 0:
        kinds += [
            lambda: [value(chance, levels - 1) for _ in range(chance.randrange(20))],
            # A map without a text as a key may be a list in PHP.
            lambda: {"name": None} | {key(chance): value(chance, levels - 1) for _ in range(chance.randrange(20))},
        ] * 2
    return chance.choice(kinds)()


for line in sys.stdin:
    command, *arguments = line.split()
    if command == "repack":
        unpacked = msgpack.unpackb(bytes.fromhex(arguments[0]), raw=False, strict_map_key=False)
        print(msgpack.packb(unpacked).hex())
    else:
        seed, count = map(int, arguments)
        chance = random.Random(seed)
        for _ in range(count):
            print(msgpack.packb(value(chance, 3)).hex())
