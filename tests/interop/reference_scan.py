"""What a body deserves, worked out a second time and with nothing of the library's."""

from plain import PARSE, REQUEST

DEEPEST = 128

# First byte to (bytes of the length or number that follow it).
_FIXED = {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
          0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17, 0xC0: 0, 0xC2: 0, 0xC3: 0}  # fmt: skip
_STRINGS = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_ARRAYS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}


class Malformed(Exception):
    pass


def _end_of_value(body, start, depth=0):
    if start >= len(body):
        raise Malformed("truncated")
    first = body[start]
    at = start + 1

    def number(size):
        nonlocal at
        if at + size > len(body):
            raise Malformed("truncated")
        at += size
        return int.from_bytes(body[at - size : at], "big")

    if first <= 0x7F or first >= 0xE0:
        return at
    if first in _FIXED:
        number(_FIXED[first])
        return at
    if 0xA0 <= first <= 0xBF:
        number(first & 0x1F)
        return at
    if first in _STRINGS:
        number(number(_STRINGS[first]))
        return at
    if first in _EXTENSIONS:
        number(number(_EXTENSIONS[first]) + 1)
        return at
    if first in _ARRAYS or 0x90 <= first <= 0x9F:
        values = number(_ARRAYS[first]) if first in _ARRAYS else first & 0x0F
    elif first in _MAPS or 0x80 <= first <= 0x8F:
        values = 2 * (number(_MAPS[first]) if first in _MAPS else first & 0x0F)
    else:
        raise Malformed("the reserved byte")
    if depth == DEEPEST:
        raise Malformed("too deep")
    for _ in range(values):
        at = _end_of_value(body, at, depth + 1)
    return at


def deserved_code(body):
    """The fault that bytes deserve which are no request."""
    try:
        end = _end_of_value(body, 0)
    except Malformed:
        return PARSE
    return REQUEST if end == len(body) else PARSE
