"""The parts of a shared-out run, as names that a state machine hands on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barycenter_jobs.core.errors import InvalidEvent
from barycenter_jobs.core.parts import Part, parts

EVERY_PART = st.integers(1, 9_999_999).flatmap(
    lambda of: st.builds(Part, number=st.integers(0, of - 1), of=st.just(of))
)


@given(EVERY_PART)
def test_a_part_is_read_from_the_name_that_it_was_given(part: Part) -> None:
    assert Part.parse(str(part)) == part


def test_the_name_of_a_part_says_which_of_how_many() -> None:
    assert str(Part(3, 16)) == "3/16"


def test_all_parts_are_numbered_from_zero() -> None:
    assert parts(3) == (Part(0, 3), Part(1, 3), Part(2, 3))
    assert parts(0) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "/16",
        "3/",
        "16/16",
        "17/16",
        "0/0",
        "-1/16",
        "+3/16",
        " 3/16",
        "3/16 ",
        "3/16\n",
        "3 / 16",
        "3/16/1",
        "1.5/16",
        "three/16",
        "٣/١٦",
        "٣/16",
        "3/١٦",
        "1_0/16",
        "0/10000000",
        "9" * 5000 + "/16",
        b"3/16",
        3,
        None,
        ["3/16"],
        {"part": "3/16"},
    ],
)
def test_anything_else_is_refused_with_an_example_of_what_is_meant(text: object) -> None:
    with pytest.raises(InvalidEvent, match=r'^A part must be a text like "3/16"$'):
        Part.parse(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        part = Part.parse(text)
    except InvalidEvent:
        return
    assert 0 <= part.number < part.of
