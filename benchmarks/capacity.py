"""What DynamoDB documents that reads, deletes and items cost.

After the developer guide's chapters "Read and write operations" and "Item sizes and formats": the engine's
own figures leave out what an index costs a PartiQL delete, and what a page weighs that is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.meter import Read

_WRITE_BLOCK = 1024
_READ_BLOCK = 4096

AttributeValue = Mapping[str, Any]


def item_bytes(item: Mapping[str, AttributeValue]) -> int:
    """Return the documented size of an item of strings and whole numbers: names and values, in UTF-8.

    A number takes a byte for two digits and one more.
    """
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def delete_units(tried: int, deleted: int, *, row_bytes: int, entry_bytes: int) -> int:
    """Return the write units of so many tried deletes, of which `deleted` removed a row and its index entry.

    A delete that its condition refused costs as much as the row that refused it, and one that found no row
    one unit.
    """
    return tried * math.ceil(row_bytes / _WRITE_BLOCK) + deleted * math.ceil(entry_bytes / _WRITE_BLOCK)


def read_units(reads: Iterable[Read], *, row_bytes: int, entry_bytes: int) -> float:
    """Return the read units of these pages, with what a filter drops and at least one block for each."""
    return sum(_page_units(read, entry_bytes if read.indexed else row_bytes) for read in reads)


def _page_units(read: Read, each: int) -> float:
    blocks = max(1, math.ceil(read.scanned * each / _READ_BLOCK))
    return blocks if read.consistent else blocks / 2


def _value_bytes(value: AttributeValue) -> int:
    if "S" in value:
        return len(value["S"].encode())
    digits = value["N"].lstrip("-").strip("0")
    return math.ceil(len(digits) / 2) + 1
