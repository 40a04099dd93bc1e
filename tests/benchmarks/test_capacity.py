"""Capacity units, after DynamoDB's documentation."""

from __future__ import annotations

import pytest

from benchmarks.capacity import delete_units, item_bytes, read_units
from benchmarks.meter import Read
from benchmarks.seeding import ROW_BYTES, entry_bytes, session


def test_an_item_weighs_its_names_and_its_values_in_utf8() -> None:
    assert item_bytes({"key": {"S": "abc"}, "clé": {"S": "é"}}) == 3 + 3 + 4 + 2


@pytest.mark.parametrize(
    ("number", "size"), [("0", 1), ("7", 2), ("15", 2), ("1800000000", 2), ("1800000001", 6), ("-12", 2)]
)
def test_a_number_weighs_a_byte_for_two_digits_and_one_more(number: str, size: int) -> None:
    assert item_bytes({"n": {"N": number}}) == 1 + size


def test_a_session_weighs_the_same_whenever_it_expires() -> None:
    sizes = {item_bytes(session("live", number, 1_800_000_000 + number)) for number in range(300)}

    assert sizes == {ROW_BYTES}


def test_a_delete_of_a_row_and_its_index_entry_takes_two_units() -> None:
    assert delete_units(1, 1, row_bytes=1000, entry_bytes=110) == 2


def test_a_delete_that_removes_nothing_takes_one_unit() -> None:
    assert delete_units(5, 3, row_bytes=1000, entry_bytes=110) == 3 * 2 + 2


def test_a_larger_row_takes_a_unit_for_each_kilobyte_begun() -> None:
    assert delete_units(1, 1, row_bytes=2049, entry_bytes=110) == 4


def test_a_page_takes_half_a_unit_for_each_four_kilobytes_begun() -> None:
    page = Read(indexed=False, scanned=9, consistent=False)

    assert read_units([page], row_bytes=1000, entry_bytes=110) == 1.5


def test_a_consistent_page_takes_whole_units() -> None:
    page = Read(indexed=False, scanned=9, consistent=True)

    assert read_units([page], row_bytes=1000, entry_bytes=110) == 3


def test_an_empty_page_takes_half_a_unit() -> None:
    page = Read(indexed=True, scanned=0, consistent=False)

    assert read_units([page], row_bytes=1000, entry_bytes=110) == 0.5


def test_a_page_of_the_index_weighs_its_entries_only() -> None:
    page = Read(indexed=True, scanned=70, consistent=False)

    assert entry_bytes() < 120
    assert read_units([page], row_bytes=ROW_BYTES, entry_bytes=entry_bytes()) == 1.0
