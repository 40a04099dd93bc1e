"""The tree of errors that the head of core/errors.py draws is the tree that there is."""

from __future__ import annotations

import inspect
import re

import pytest

from barycenter_jobs.core import errors
from barycenter_jobs.core.errors import (
    BarycenterJobsError,
    DeliveryAlreadyHandled,
    ExecutionAlreadyFinished,
    RequestRefused,
    UnknownJob,
)

CLASSES = [
    member
    for _, member in inspect.getmembers(errors, inspect.isclass)
    if member.__module__ == errors.__name__
]


def drawn() -> dict[str, str | None]:
    """Each error in the drawing, with the one that it hangs from."""
    branch: list[str] = []
    parents: dict[str, str | None] = {}
    for line in (errors.__doc__ or "").splitlines():
        node = re.match(r"(?P<indent> *)(?P<name>[A-Z]\w+)(?:  +\S.*| [a-z].*)?$", line)
        if node is None or not (branch or node["name"] == "BarycenterJobsError"):
            continue
        if not line.startswith(" ") and branch:
            break
        depth = len(node["indent"]) // 4
        del branch[depth:]
        parents[node["name"]] = branch[-1] if branch else None
        branch.append(node["name"])
    return parents


def test_every_error_is_drawn_where_it_hangs() -> None:
    there_is = {member.__name__: member.__bases__[0].__name__ for member in CLASSES}

    assert drawn() == there_is | {"BarycenterJobsError": None}


def test_every_error_has_one_parent() -> None:
    assert all(len(member.__bases__) == 1 for member in CLASSES)
    assert BarycenterJobsError.__bases__ == (Exception,)


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_says_what_it_means(error: type[BarycenterJobsError]) -> None:
    assert error.__doc__


def test_errors_that_carry_facts_say_them_too() -> None:
    unknown, refused = UnknownJob("nonexistent_job"), RequestRefused("Cannot write to sessions: X", "X")
    handled = DeliveryAlreadyHandled(7)

    assert (str(unknown), unknown.name) == ("Unknown job: nonexistent_job", "nonexistent_job")
    assert (str(handled), handled.execution_id) == ("The event was already handled by execution 7", 7)
    assert str(ExecutionAlreadyFinished(7)) == "Execution 7 is already finished"
    assert (str(refused), refused.code) == ("Cannot write to sessions: X", "X")
