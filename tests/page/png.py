"""Pictures of a page in fewer bytes: 256 colours are enough for it, and a palette needs one byte a pixel."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

Colour = bytes  # red, green, blue

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = 3
_COLOURS = 256
_TRUE_COLOUR, _PALETTE = 2, 3


def with_palette(picture: bytes) -> bytes:
    """Return a PNG of 8-bit RGB as one of 256 of its colours; the others become the nearest of these."""
    chunks = list(_chunks(picture))
    width, height, depth, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    if (depth, kind) != (8, _TRUE_COLOUR):
        raise ValueError(f"not a picture in 8-bit RGB: {depth} bits, type {kind}")
    raw = zlib.decompress(b"".join(content for name, content in chunks if name == b"IDAT"))
    rows = list(_rows(raw, width))
    pixels = [[row[at : at + _CHANNELS] for at in range(0, len(row), _CHANNELS)] for row in rows]
    counted = Counter(pixel for row in pixels for pixel in row)
    palette = _palette(counted)
    places = {colour: _nearest(colour, palette) for colour in counted}
    body = b"".join(b"\0" + bytes([places[pixel] for pixel in row]) for row in pixels)
    return b"".join(
        [
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _PALETTE, 0, 0, 0)),
            _chunk(b"PLTE", b"".join(palette)),
            _chunk(b"IDAT", zlib.compress(body, 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _palette(counted: Counter[Colour]) -> list[Colour]:
    """Return the colours that fill most of the picture, and those that differ most from these."""
    palette = [colour for colour, _ in counted.most_common(_COLOURS // 2)]
    apart = {colour: min(_distance(colour, other) for other in palette) for colour in counted}
    while len(palette) < min(_COLOURS, len(counted)):
        farthest = max(apart, key=apart.__getitem__)
        palette.append(farthest)
        apart = {colour: min(before, _distance(colour, farthest)) for colour, before in apart.items()}
    return palette


def _nearest(colour: Colour, palette: list[Colour]) -> int:
    return min(range(len(palette)), key=lambda place: _distance(colour, palette[place]))


def _distance(one: Colour, other: Colour) -> int:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _rows(raw: bytes, width: int) -> Iterator[bytes]:
    """Undo the filters of the PNG specification, section 9.2."""
    size = width * _CHANNELS
    above = bytes(size)
    for start in range(0, len(raw), size + 1):
        kind, row = raw[start], bytearray(raw[start + 1 : start + 1 + size])
        for at in range(size):
            left = row[at - _CHANNELS] if at >= _CHANNELS else 0
            corner = above[at - _CHANNELS] if at >= _CHANNELS else 0
            predicted = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))[kind]
            row[at] = (row[at] + predicted) & 0xFF
        above = bytes(row)
        yield above


def _paeth(left: int, above: int, corner: int) -> int:
    estimate = left + above - corner
    return min((left, above, corner), key=lambda value: abs(estimate - value))
