"""The other end of what is counted: ZMTP 3.0 over a plain socket, the same bytes in the
same packets each time."""

import socket

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
REQUEST = (
    b"\x82\xadfunction_name\xa4plus\xaaparameters\x99\x01\x02\x02\x03\x03\x04\x02\x03\xff"
)
ANSWER = b"\x13"


def ready(socket_type):
    body = b"\x05READY\x0bSocket-Type" + len(socket_type).to_bytes(4, "big") + socket_type
    return bytes([4, len(body)]) + body


def message(number, body):
    """What a DEALER of ours sends for a call, and what it gets."""
    return b"\x01\x08" + number.to_bytes(8, "big") + b"\x01\x00\x00" + bytes([len(body)]) + body


def read(connection, size):
    parts = []
    while size > 0:
        part = connection.recv(min(size, 1 << 16))
        if not part:
            raise EOFError("the peer has closed the connection")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def shake_hands(connection, socket_type):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(GREETING + ready(socket_type))
    read(connection, len(GREETING))
    size = read(connection, 2)[1]
    read(connection, size)


def call(port, calls, together):
    """Makes so many calls, `together` in one packet, and checks the answers."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        shake_hands(connection, b"DEALER")
        for first in range(0, calls, together):
            numbers = range(first, first + together)
            connection.sendall(b"".join(message(number, REQUEST) for number in numbers))
            expected = b"".join(message(number, ANSWER) for number in numbers)
            if (got := read(connection, len(expected))) != expected:
                raise ValueError(f"wrong answers: expected {expected!r}, got {got!r}")


def answer(listener, calls, together):
    """Answers so many calls: when `together` have come, all of them in one packet."""
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(60)
        shake_hands(connection, b"ROUTER")
        for _ in range(0, calls, together):
            answers = b""
            for _ in range(together):
                head = read(connection, 14)
                read(connection, head[13])
                answers += head[:13] + bytes([len(ANSWER)]) + ANSWER
            connection.sendall(answers)
