"""Pictures with a palette."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.page.png import with_palette

COLOURS = st.binary(min_size=3, max_size=3)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def picture(width: int, height: int, body: bytes, kind: int = 2) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(body)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def shown(palette_picture: bytes, width: int) -> list[bytes]:
    """Return the pixels of a picture with a palette whose rows are not filtered."""
    found: dict[bytes, bytes] = {}
    at = 8
    while at < len(palette_picture):
        (length,) = struct.unpack(">I", palette_picture[at : at + 4])
        found[palette_picture[at + 4 : at + 8]] = palette_picture[at + 8 : at + 8 + length]
        at += 12 + length
    body = zlib.decompress(found[b"IDAT"])
    places = [
        place for start in range(0, len(body), width + 1) for place in body[start + 1 : start + 1 + width]
    ]
    return [found[b"PLTE"][3 * place : 3 * place + 3] for place in places]


@given(st.lists(COLOURS, min_size=4, max_size=4), st.lists(COLOURS, min_size=4, max_size=4))
def test_a_picture_of_few_colours_keeps_them(first: list[bytes], second: list[bytes]) -> None:
    rows = [b"\0" + b"".join(row) for row in (first, second)]

    assert shown(with_palette(picture(4, 2, b"".join(rows))), 4) == [*first, *second]


def test_filtered_rows_are_read() -> None:
    # 1 adds the pixel to the left, 2 that above, 3 their mean, 4 the likeliest of three.
    rows = [
        bytes([1, 10, 20, 30, 1, 1, 1]),
        bytes([2, 5, 5, 5, 0, 0, 0]),
        bytes([3, 0, 0, 0, 2, 2, 2]),
        bytes([4, 1, 1, 1, 0, 0, 0]),
    ]

    found = shown(with_palette(picture(2, 4, b"".join(rows))), 2)

    assert [tuple(pixel) for pixel in found] == [
        (10, 20, 30),
        (11, 21, 31),
        (15, 25, 35),
        (11, 21, 31),
        (7, 12, 17),
        (11, 18, 26),
        (8, 13, 18),
        (11, 18, 26),
    ]


def test_a_small_sign_of_another_colour_stays() -> None:
    greys = [bytes([value, value, value]) for value in range(200)] + [
        bytes([value, value, 255 - value]) for value in range(200)
    ]
    body = b"\0" + b"".join(greys * 3) + b"\xff\x00\x00"

    assert b"\xff\x00\x00" in shown(with_palette(picture(1201, 1, body)), 1201)


def test_what_is_no_rgb_is_refused() -> None:
    with pytest.raises(ValueError, match="not a picture in 8-bit RGB"):
        with_palette(picture(1, 1, b"\0\0", kind=0))
