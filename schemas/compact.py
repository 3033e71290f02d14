"""Plain values in few bytes, for what crosses workers: exact, and the same on every machine.

A value is a dataclass of strings, whole numbers, reals, truth values, bytes, dataclasses and tuples of those.
Its fields follow each other without names: whoever reads knows the kind. Nothing here outlives a build, and
no identity is made of these bytes, so the form has no version.
"""

from __future__ import annotations

import dataclasses
import math
import struct
import typing
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from motion.events import ACTIONS, DIRECTIONS, PATHS, SIDES, SPEEDS

Value = TypeVar("Value")
Write = Callable[[bytearray, Any], None]
Read = Callable[[bytes, int], tuple[Any, int]]

_THOUSANDTHS = 1000
# Words that facts are made of take one byte.
_POSTURES = ("standing", "bent", "low", "sitting", "kneeling", "crawling", "lying")
_WORDS = tuple(
    dict.fromkeys([*SIDES, *DIRECTIONS, *PATHS, *SPEEDS, *_POSTURES, *ACTIONS, "train", "val", "test"])
)
_PLACES = {word: place + 1 for place, word in enumerate(_WORDS)}
# What captions are made of, the most frequent last: strings that deflate finds from the first byte on.
_COMMON = (
    b" places picks something from the ground down onto the floor sits down stands up again kneels on "
    b"one knee crawls squats bends over bows claps crosses their arms throws punches kicks with his "
    b"right leg left foot jumps hops runs jogs quickly slowly in a circle to the side sideways steps "
    b"backwards backward turns around degrees clockwise counterclockwise waves stretches reaches out "
    b"raises lifts lowers both arms hands their left arm his right hand her head above shoulder and "
    b"then walks forward a few steps a figure someone a man is walking a woman the person a person "
)


def pack(value: Any) -> bytes:
    """The bytes of a dataclass' value."""
    data = bytearray()
    kind: Any = type(value)
    _codec(kind)[0](data, value)
    return bytes(data)


def unpack(kind: type[Value], data: bytes) -> Value:
    """The value that `pack` made bytes of. ValueError unless the bytes are those of one value."""
    form: Any = kind
    value, end = _codec(form)[1](data, 0)
    if end != len(data):
        raise ValueError(f"{len(data)} bytes for a {kind.__name__}, which takes {end}")
    return typing.cast(Value, value)


def deflated(data: bytes) -> bytes:
    """Bytes without what repeats, also of what captions are commonly made of."""
    press = zlib.compressobj(6, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, _COMMON)
    return press.compress(data) + press.flush()


def inflated(data: bytes) -> bytes:
    """The bytes that `deflated` made small."""
    return zlib.decompressobj(-15, _COMMON).decompress(data)


@cache
def _codec(kind: Any) -> tuple[Write, Read]:
    """How values of a kind are written and read."""
    if kind in _SCALARS:
        return _SCALARS[kind]
    if typing.get_origin(kind) is tuple:
        items = typing.get_args(kind)
        return _many(items[0]) if items[1:] == (...,) else _few(tuple, items)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return _few(kind, tuple(hints[field.name] for field in dataclasses.fields(kind)))
    raise TypeError(f"{kind} has no form in bytes here")


def _few(kind: Any, kinds: tuple[Any, ...]) -> tuple[Write, Read]:
    """Fields of a dataclass, or of a tuple of fixed size, one after the other."""
    parts = [_codec(part) for part in kinds]
    writers, readers = [part[0] for part in parts], [part[1] for part in parts]
    names = [field.name for field in dataclasses.fields(kind)] if kind is not tuple else []

    def write(data: bytearray, value: Any) -> None:
        values = [getattr(value, name) for name in names] if names else value
        for put, item in zip(writers, values, strict=True):
            put(data, item)

    def read(data: bytes, place: int) -> tuple[Any, int]:
        values = []
        for take in readers:
            item, place = take(data, place)
            values.append(item)
        return (tuple(values) if kind is tuple else kind(*values)), place

    return write, read


def _many(kind: Any) -> tuple[Write, Read]:
    """How many there are, then each."""
    put, take = _codec(kind)

    def write(data: bytearray, values: Any) -> None:
        _write_size(data, len(values))
        for value in values:
            put(data, value)

    def read(data: bytes, place: int) -> tuple[Any, int]:
        count, place = _read_size(data, place)
        values = []
        for _ in range(count):
            value, place = take(data, place)
            values.append(value)
        return tuple(values), place

    return write, read


def _write_size(data: bytearray, number: int) -> None:
    """A whole number from 0 on in groups of 7 bits, the lowest first (LEB128)."""
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)


def _read_size(data: bytes, place: int) -> tuple[int, int]:
    byte = data[place]
    if byte < 0x80:
        return byte, place + 1
    number, shift = byte & 0x7F, 7
    while True:
        place += 1
        byte = data[place]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place + 1
        shift += 7


def _write_number(data: bytearray, number: int) -> None:
    """Numbers about 0 are small, whatever their sign."""
    _write_size(data, 2 * number if number >= 0 else -2 * number - 1)


def _read_number(data: bytes, place: int) -> tuple[int, int]:
    size, place = _read_size(data, place)
    return (size >> 1) ^ -(size & 1), place


def _write_real(data: bytearray, value: float) -> None:
    """As thousandths where it is a whole number of them; 0 and eight bytes otherwise, and for -0."""
    if abs(value) < 1e9:
        number = round(value * _THOUSANDTHS)
        if number / _THOUSANDTHS == value and (number or math.copysign(1, value) > 0):
            _write_size(data, (2 * number if number >= 0 else -2 * number - 1) + 1)
            return
    data.append(0)
    data += struct.pack("<d", value)


def _read_real(data: bytes, place: int) -> tuple[float, int]:
    size, place = _read_size(data, place)
    if not size:
        return struct.unpack_from("<d", data, place)[0], place + 8
    size -= 1
    return ((size >> 1) ^ -(size & 1)) / _THOUSANDTHS, place


def _write_text(data: bytearray, text: str) -> None:
    """A known word by its number; 0, size and UTF-8 otherwise."""
    place = _PLACES.get(text, 0)
    _write_size(data, place)
    if not place:
        _write_bytes(data, text.encode("utf-8", "surrogatepass"))


def _read_text(data: bytes, place: int) -> tuple[str, int]:
    word, place = _read_size(data, place)
    if word:
        return _WORDS[word - 1], place
    held, place = _read_bytes(data, place)
    return held.decode("utf-8", "surrogatepass"), place


def _write_bytes(data: bytearray, value: bytes) -> None:
    _write_size(data, len(value))
    data += value


def _read_bytes(data: bytes, place: int) -> tuple[bytes, int]:
    size, place = _read_size(data, place)
    if place + size > len(data):
        raise ValueError(f"{len(data) - place} bytes are left where {size} are told")
    return bytes(data[place : place + size]), place + size


def _read_truth(data: bytes, place: int) -> tuple[bool, int]:
    return bool(data[place]), place + 1


_SCALARS: dict[Any, tuple[Write, Read]] = {
    str: (_write_text, _read_text),
    int: (_write_number, _read_number),
    float: (_write_real, _read_real),
    bool: (lambda data, value: data.append(bool(value)), _read_truth),
    bytes: (_write_bytes, _read_bytes),
}
